"""What is not part of AWS: to set the scene for a deployment."""

import json
import os

from moto.backends import get_backend
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request, Response

import executions
from cloudformation.cloud import ACCOUNT, Cloud
from cloudformation.resource import Context

PATH = '/_emulator/'


def answer(request: Request, cloud: Cloud) -> Response:
    match request.method, request.path.removeprefix(PATH).split('/'):
        case 'GET', ['pid']:
            return Response(str(os.getpid()))
        case 'PUT', ['hosted-zones', zone_id]:
            _hosted_zone(zone_id, json.loads(request.get_data())['name'])
        case 'PUT', ['certificates', region, certificate_id]:
            _certificate(region, certificate_id, json.loads(request.get_data())['domainName'])
        case 'PUT', ['pull-through-cache-rules', region, prefix]:
            from resources import pull_through

            pull_through.RULES.setdefault((ACCOUNT, region), {})[prefix] = json.loads(request.get_data())
        case 'PUT', ['unhealthy-images']:
            from resources import task_start

            task_start.UNHEALTHY_IMAGES.clear()
            task_start.UNHEALTHY_IMAGES.update(json.loads(request.get_data()))
        case 'PUT', ['nodes']:
            from resources import ecs_nodes

            ecs_nodes.NODES.__init__(**json.loads(request.get_data()))
        case 'PUT', ['stop-executions-before']:
            executions.STOP_BEFORE.clear()
            executions.STOP_BEFORE.update(json.loads(request.get_data()))
        case 'PUT', ['scheduled-actions-are-due', region]:
            from resources import applicationautoscaling

            applicationautoscaling.scheduled_actions_are_due(_context(cloud, region))
        case 'PUT', ['rules-are-due', region]:
            from resources import events

            context = _context(cloud, region)
            for name in json.loads(request.get_data()):
                events.fire(context, name)
        case _:
            return Response(f'The emulator has no {request.method} {request.path}', status=404)
    return Response()


def _context(cloud: Cloud, region: str) -> Context:
    return Context('', '', '', region, ACCOUNT, get_partition(region), lambda name: cloud.client(name, region))


def _hosted_zone(zone_id: str, name: str) -> None:
    """A hosted zone that somebody has already. Route 53 itself lets nobody choose the id."""
    backend = get_backend('route53')[ACCOUNT]['aws']
    if zone_id not in backend.zones:
        zone = backend.create_hosted_zone(name, private_zone=False)
        del backend.zones[zone.id.split('/')[-1]]
        zone.resource_id = zone_id
        backend.zones[zone_id] = zone


def _certificate(region: str, certificate_id: str, domain: str) -> None:
    """A certificate that somebody has already. ACM itself lets nobody choose the id."""
    backend = get_backend('acm')[ACCOUNT][region]
    made = backend._certificates.pop(backend.request_certificate(domain, None, [], []))
    made.arn = f'{made.arn.rsplit("/", 1)[0]}/{certificate_id}'
    # Of one that is asked for, the emulator says for a while that it waits for a proof of the domain.
    made.type, made.status = 'IMPORTED', 'ISSUED'
    backend._certificates[made.arn] = made
