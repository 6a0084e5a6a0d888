"""Tags of resources that change."""

Tags = list[dict[str, str]] | None


def gone(old: Tags, new: Tags) -> list[str]:
    """The keys of the tags that are there no more."""
    kept = {tag['Key'] for tag in new or []}
    return [tag['Key'] for tag in old or [] if tag['Key'] not in kept]
