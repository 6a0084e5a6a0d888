"""Tags of resources that change."""

from collections.abc import Callable
from typing import Any

Tags = list[dict[str, str]] | None

# Of what the emulator has no tags for, by its ARN or its id.
KEPT: dict[str, list[dict[str, str]]] = {}


def gone(old: Tags, new: Tags) -> list[str]:
    """The keys of the tags that are there no more."""
    kept = {tag['Key'] for tag in new or []}
    return [tag['Key'] for tag in old or [] if tag['Key'] not in kept]


def replace(old: Tags, new: list[dict[str, str]], untag: Callable[[list[str]], Any], tag: Callable[[Any], Any]) -> None:
    """Takes the tags from a resource that are there no more, and gives it the others. Calls refuse empty lists."""
    if removed := gone(old, new):
        untag(removed)
    if new:
        tag(new)
