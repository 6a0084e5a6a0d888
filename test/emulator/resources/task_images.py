"""Where the image of a container comes from, and whether it can be had there."""

import re
from typing import Any

from botocore.exceptions import ClientError

from .pull_through import rule_of
from .stopped_tasks import not_started
from .task_launch import Launch
from .task_secrets import check_credentials

ECR = re.compile(
    r'(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)'
    r'(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?'
)
PULL = ('ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer')
IMPORT = ('ecr:BatchImportUpstreamImage', 'ecr:CreateRepository')


def check_image(launch: Launch, container: dict[str, Any]) -> None:
    image, found = container['image'], ECR.fullmatch(container['image'])
    if 'repositoryCredentials' in container:
        check_credentials(launch, container)
    if found is None:
        launch.must_reach_internet(f'pull the image {image}')
        return
    launch.execution_role_must('ecr:GetAuthorizationToken', '*', image)
    if found['account'] != launch.context.account or found['region'] != launch.context.region:
        # What is in other accounts and regions is not here.
        launch.must_reach_internet(f'pull the image {image}')
        return
    repository = launch.context.arn('ecr', f'repository/{found["repository"]}')
    for action in PULL:
        launch.execution_role_must(action, repository, image)
    if not _is_there(launch, found):
        _check_upstream(launch, image, found['repository'], repository)
    for service, action, resource in (
        ('ecr.api', 'ecr:GetAuthorizationToken', '*'),
        ('ecr.dkr', 'ecr:BatchGetImage', repository),
        # Its layers are there.
        ('s3', 's3:GetObject', f'arn:aws:s3:::prod-{launch.context.region}-starport-layer-bucket/layer'),
    ):
        launch.must_reach(service, action, resource, f'pull the image {image}')


def _check_upstream(launch: Launch, image: str, name: str, repository: str) -> None:
    """An image that is not in ECR yet, which gets it from elsewhere if a rule says so."""
    rule = rule_of(launch.context, name)
    if rule is None:
        raise not_started(f'unable to pull the image: CannotPullContainerError: {image}: not found')
    for action in IMPORT:
        launch.execution_role_must(action, repository, image)
    # The first pull of such an image does not go by an endpoint of ECR.
    launch.must_reach_internet(f'pull the image {image} by the rule {rule} for the first time')


def _is_there(launch: Launch, image: re.Match[str]) -> bool:
    wanted = {'imageDigest': image['digest']} if image['digest'] else {'imageTag': image['tag'] or 'latest'}
    try:
        launch.context.aws('ecr').describe_images(repositoryName=image['repository'], imageIds=[wanted])
    except ClientError:
        return False
    return True
