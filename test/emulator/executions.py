"""How executions of Step Functions run here: with the permissions of their role, and without the time that waits take."""

import copy
import functools
import re
import sys
import threading
import types
import uuid
from typing import Any

import jsonpath_ng.ext
from moto.core.config import default_user_config
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from cloudformation.cloud import Cloud

# What lets a path lead to several values.
INDEFINITE = re.compile(r'\*|\.\.|\?\(|\[[^\]]*[:,]')
# Services as Step Functions calls them, where boto3 calls them something else.
IN_BOTO = {
    'applicationautoscaling': 'application-autoscaling',
    'elasticloadbalancingv2': 'elbv2',
    'eventbridge': 'events',
}
# An execution is stopped when it comes to a state of this name.
STOP_BEFORE: set[str] = set()
STOPPED = 'Stopped'
extract_json = json_path.extract_json


def install(cloud: Cloud) -> None:
    default_user_config['stepfunctions'] = {'execute_state_machine': True}
    StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(IN_BOTO)
    sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    original_task, original_body = sdk._eval_service_task, CommonStateField._eval_body
    original_start = StepFunctionsParserBackend.start_execution
    whose = threading.local()

    def eval_service_task(self: Any, env: Any, normalised_parameters: Any, **rest: Any) -> None:
        whose.role = env.aws_execution_details.role_arn
        # Step Functions has all names with a capital letter first.
        model = cloud.client(self._get_boto_service_name(), 'us-east-1').meta.service_model
        operation = model.operation_model(self.resource.api_action[0].upper() + self.resource.api_action[1:])
        self._to_boto_request(normalised_parameters, operation.input_shape)
        original_task(self, env=env, normalised_parameters=normalised_parameters, **rest)
        if operation.output_shape is not None:
            self._from_boto_response(env.stack[-1], operation.output_shape)

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return cloud.client(service, region, whose.role)

    def eval_body(self: Any, env: Any) -> None:
        if self.name in STOP_BEFORE:
            raise _stopped(env)
        original_body(self, env)

    def start_execution(self: Any, state_machine_arn: str, name: str | None = None, *rest: Any, **named: Any) -> Any:
        return original_start(self, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)

    sdk._eval_service_task = eval_service_task
    state_task_service_aws_sdk.boto_client_for = boto_client_for
    CommonStateField._eval_body = eval_body
    StepFunctionsParserBackend.start_execution = start_execution
    for module in [module for module in sys.modules.values() if getattr(module, 'extract_json', None) is extract_json]:
        module.extract_json = value_at
    execution_worker.AmazonStateLanguageParser = Parser
    retrier_decl.time = types.SimpleNamespace(sleep=lambda _: None)
    WaitFunction._wait_interval = lambda *_, **__: None


class Parser:
    """moto's takes longer than an execution, and would read the same definition each time."""

    @staticmethod
    def parse(definition: str) -> Any:
        return copy.deepcopy(_program(definition)), None


@functools.cache
def _program(definition: str) -> Any:
    return AmazonStateLanguageParser.parse(definition)[0]


# Slow, and the paths are always the same.
_parsed = functools.cache(jsonpath_ng.ext.parse)


def value_at(path: str, data: Any) -> Any:
    """One value where a path can lead to no more than one, a list otherwise. moto has lists also for `$.a[0].b`."""
    matches = [match.value for match in _parsed(path).find(data)]
    if INDEFINITE.search(path):
        return matches
    if not matches:
        raise json_path.NoSuchJsonPathError(json_path=path, data=data)
    return matches[0]


def _stopped(env: Any) -> FailureEventException:
    """
    The end of an execution that somebody stops. moto's own way leaves branches waiting for each other; no state of ours
    takes up an error of this name.
    """
    details = EventDetails(taskFailedEventDetails={'error': STOPPED})
    return FailureEventException(FailureEvent(env, CustomErrorName(STOPPED), HistoryEventType.TaskFailed, details))
