"""AWS::SNS"""

import json
from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles

from .tagging import replace


@handles('AWS::SNS::Topic')
class Topic(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        attributes = properties.given('DisplayName', 'KmsMasterKeyId')
        made = context.aws('sns').create_topic(
            Name=properties.take('TopicName') or context.name(256),
            Attributes=attributes,
            **context.tagged(properties),
        )
        return made['TopicArn']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        for name in ('DisplayName', 'KmsMasterKeyId'):
            context.aws('sns').set_topic_attributes(
                TopicArn=context.physical_id, AttributeName=name, AttributeValue=new.take(name, '')
            )
        sns, arn = context.aws('sns'), context.physical_id
        replace(
            old.get('Tags'),
            context.tags(new.take('Tags')),
            lambda keys: sns.untag_resource(ResourceArn=arn, TagKeys=keys),
            lambda tags: sns.tag_resource(ResourceArn=arn, Tags=tags),
        )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('sns').delete_topic(TopicArn=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'TopicArn': context.physical_id, 'TopicName': context.physical_id.split(':')[-1]}


@handles('AWS::SNS::TopicPolicy')
class TopicPolicy(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        policy = json.dumps(properties.take('PolicyDocument'))
        for topic in properties.take('Topics'):
            context.aws('sns').set_topic_attributes(TopicArn=topic, AttributeName='Policy', AttributeValue=policy)
        return context.name(40)

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self.create(context, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        """The topic goes with its policy, and without a topic there is nothing to take it from."""
