"""Which service a request is for, and whether whoever sends it may."""

import io
import json
import re
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SERIALIZERS, SerializationContext
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request, Response

import control
import request_permissions
from cloudformation import custom_resource
from cloudformation.api import Api, ApiError
from cloudformation.cloud import ROLE_OF_KEY, Cloud

CREDENTIAL = re.compile(r'Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/')


class Front:
    def __init__(self, moto: Callable[..., Iterable[bytes]]):
        self.moto = moto
        self.model = get_service_model('cloudformation')
        self.apis: dict[str, Api] = {}
        self.lock = threading.Lock()

    def serve(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        answer = self._answer(request, environ)
        return (self.moto if answer is None else answer)(environ, start_response)

    def _answer(self, request: Request, environ: dict[str, Any]) -> Response | None:
        if request.path.startswith(custom_resource.PATH):
            custom_resource.receive(request.path.removeprefix(custom_resource.PATH), request.get_data())
            return Response()
        if request.path.startswith(control.PATH):
            return control.answer(request, self.cloud)
        signed = CREDENTIAL.search(request.headers.get('Authorization', ''))
        if signed is None:
            return None
        key, region, service = signed.groups()
        role = ROLE_OF_KEY.get(key)
        refusal = None if role is None else self._refuse(request, service, region, role)
        if refusal is not None:
            return refusal
        if service == 'cloudformation':
            return self._cloudformation(Request(environ), region)
        if service == 'cloudtrail':
            # The CDK CLI looks for the events behind a failed deployment, and moto would let it try for half a minute.
            return Response('{"Events": []}', content_type='application/x-amz-json-1.1')
        return None

    def _cloudformation(self, request: Request, region: str) -> Response:
        operation = self.model.operation_model(request.form['Action'])
        serializer = SERIALIZERS['query'](operation, SerializationContext(request_id='00000000'))
        try:
            answer = self._call(request, region, operation)
        except ApiError as error:
            return Response(error_body(error), status=400, content_type='text/xml')
        except Exception as error:
            # A mistake of the emulator itself. SDKs would try a 500 again and again.
            traceback.print_exc()
            failure = ApiError(f'The emulator failed: {type(error).__name__}: {error}', 'InternalFailure')
            return Response(error_body(failure), status=400, content_type='text/xml')
        made = serializer.serialize(answer)
        return Response(made['body'], status=made['status_code'], content_type='text/xml')

    def _call(self, request: Request, region: str, operation: Any) -> dict[str, Any]:
        api = self._api(region)
        call = getattr(api, operation.name, None)
        if call is None:
            raise ApiError(f'The emulator does not know {operation.name} of CloudFormation', 'UnknownOperationException')
        return call(PROTOCOL_PARSERS['query'](operation).parse({'values': request.form.to_dict()}))

    def _api(self, region: str) -> Api:
        with self.lock:
            if region not in self.apis:
                self.apis[region] = Api(self.cloud, region, get_partition(region))
            return self.apis[region]

    def _refuse(self, request: Request, service: str, region: str, role: str) -> Response | None:
        """What a function or an execution of the stack may not do by its role, it may not do here."""
        # Read here, it must be there for moto again.
        request.environ['wsgi.input'] = io.BytesIO(request.get_data())
        message = request_permissions.refusal(self.cloud, request, service, region, role)
        if message is None:
            return None
        if 'X-Amz-Target' not in request.headers:
            return Response(error_body(ApiError(message, 'AccessDenied')), status=403, content_type='text/xml')
        body = json.dumps({'__type': 'AccessDeniedException', 'message': message})
        return Response(body, status=400, content_type='application/x-amz-json-1.1')


def error_body(error: ApiError) -> str:
    return (
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f'<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(str(error))}</Message></Error>'
        '<RequestId>00000000</RequestId></ErrorResponse>'
    )
