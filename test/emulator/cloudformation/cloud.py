"""The way from CloudFormation to the emulator's other services, which is the one that everybody takes."""

import threading
from typing import Any

import boto3

ACCOUNT = '123456789012'


class Cloud:
    def __init__(self, endpoint: str):
        self.endpoint = endpoint
        self._session = boto3.session.Session(aws_access_key_id='cloudformation', aws_secret_access_key='cloudformation')
        self._clients: dict[tuple[str, str], Any] = {}
        # Making clients is not thread-safe in boto3; using them is.
        self._lock = threading.Lock()

    def client(self, service: str, region: str) -> Any:
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._session.client(service, region_name=region, endpoint_url=self.endpoint)
            return self._clients[key]
