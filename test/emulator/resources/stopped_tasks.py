"""How ECS says that tasks do not start."""

from cloudformation.resource import Failure

NEVER_STABLE = "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\""


def not_started(why: str) -> Failure:
    return Failure(f'{NEVER_STABLE} The tasks stopped before they started: ResourceInitializationError: {why}')


def not_placed(why: str) -> Failure:
    return Failure(f'{NEVER_STABLE} unable to place a task because no container instance met all of its requirements: {why}')
