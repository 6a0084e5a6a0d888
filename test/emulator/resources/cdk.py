"""AWS::CDK"""

from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles


@handles('AWS::CDK::Metadata')
class Metadata(Handler):
    """What the CDK CLI tells AWS about the constructs that a stack uses. There is nothing behind it."""

    def create(self, context: Context, properties: Properties) -> str:
        properties.take('Analytics')
        return context.name()

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        new.take('Analytics')

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        """Nothing has been made."""
