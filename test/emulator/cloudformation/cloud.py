"""The way from CloudFormation to the emulator's other services, which is the one that everybody takes."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

ACCOUNT = '123456789012'
# Whose permissions count for requests with these access keys.
ROLE_OF_KEY: dict[str, str] = {}


class Cloud:
    def __init__(self, endpoint: str, application: Callable[..., Iterable[bytes]]):
        self.endpoint = endpoint
        self.application = application
        self._session = boto3.session.Session(aws_access_key_id='cloudformation', aws_secret_access_key='cloudformation')
        self._clients: dict[tuple[str, str, str | None], Any] = {}
        # Making clients is not thread-safe in boto3; using them is.
        self._lock = threading.Lock()

    def client(self, service: str, region: str, role: str | None = None) -> Any:
        """A client with all permissions, or with those of a role."""
        with self._lock:
            key = (service, region, role)
            if key not in self._clients:
                whose = {} if role is None else {'aws_access_key_id': _key_of(role), 'aws_secret_access_key': 'role'}
                client = self._session.client(service, region_name=region, endpoint_url=self.endpoint, **whose)
                client.meta.events.register('before-send', self._send)
                self._clients[key] = client
            return self._clients[key]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Hands a request to the server without a socket between, which would cost more than the answer."""
        address, body = urlsplit(request.url), request.body
        content = body.read() if hasattr(body, 'read') else body or b''
        data = content.encode() if isinstance(content, str) else content
        builder = EnvironBuilder(
            path=address.path,
            query_string=address.query,
            base_url=f'{address.scheme}://{address.netloc}',
            method=request.method,
            headers=[(name, _text(value)) for name, value in request.headers.items()],
            data=data,
        )
        # Also of nothing at all the length is said.
        environ = builder.get_environ() | {'CONTENT_LENGTH': str(len(data))}
        answer, status, headers = run_wsgi_app(self.application, environ, buffered=True)
        return AWSResponse(request.url, int(status.split()[0]), dict(headers), _Raw(b''.join(answer)))


def _key_of(role: str) -> str:
    # A slash would end it, where the server reads it.
    key = role.replace('/', '|')
    ROLE_OF_KEY[key] = role
    return key


class _Raw:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes):
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        content, self._content = self._content, b''
        yield content

    def read(self, amount: int | None = None, **_: Any) -> bytes:
        amount = len(self._content) if amount is None else amount
        content, self._content = self._content[:amount], self._content[amount:]
        return content


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
