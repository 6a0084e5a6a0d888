"""
A local AWS on one port: CloudFormation of our own, everything else by moto.

    python server.py [--port N] [--with-parent]

prints `listening on http://localhost:N` when it is ready. `--with-parent` ends it with the end of its standard input,
that is, with whoever started it.
"""

import argparse
import importlib
import os
import pkgutil
import signal
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

import executions
import resources
from cloudformation.cloud import Cloud
from front import Front

HOST = '127.0.0.1'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--with-parent', action='store_true')
    options = parser.parse_args()
    for module in pkgutil.iter_modules(resources.__path__):
        importlib.import_module(f'resources.{module.name}')

    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server(HOST, options.port, front, threaded=True, request_handler=Quiet)
    # `localhost`: as a host name of a service, an IP address would be taken for the name of a bucket.
    endpoint = f'http://localhost:{server.port}'
    os.environ['MOTO_PORT'] = str(server.port)
    # CDK attaches some of AWS's own policies.
    os.environ['MOTO_IAM_LOAD_MANAGED_POLICIES'] = 'true'
    cloud = Cloud(endpoint, front)
    front.serve(cloud)
    executions.install(cloud)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: os._exit(0))
    if options.with_parent:
        threading.Thread(target=end_with_parent, daemon=True).start()
    print(f'listening on {endpoint}', flush=True)
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Quiet(MotoRequestHandler):
    """Logs no requests: some carry secrets in their address."""

    def log_request(self, *_: object) -> None:
        pass


if __name__ == '__main__':

    main()
