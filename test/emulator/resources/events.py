"""AWS::Events"""

from typing import Any

from cloudformation.resource import Context, Handler, Properties, handles

from .tagging import replace


@handles('AWS::Events::Rule')
class Rule(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        context.physical_id = properties.take('Name') or context.name(64)
        self._put(context, {}, properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._put(context, old, new)

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        events, name = context.aws('events'), context.physical_id
        if targets := properties.get('Targets'):
            events.remove_targets(Rule=name, Ids=[target['Id'] for target in targets])
        events.delete_rule(Name=name)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Arn': context.arn('events', f'rule/{context.physical_id}')}

    def _put(self, context: Context, old: dict[str, Any], properties: Properties) -> None:
        events, name = context.aws('events'), context.physical_id
        # All of it each time, the state too: what somebody has enabled meanwhile is as the template says again.
        events.put_rule(
            Name=name, **{'State': 'ENABLED'} | properties.given('Description', 'ScheduleExpression', 'EventPattern', 'State')
        )
        if targets := properties.take('Targets'):
            events.put_targets(Rule=name, Targets=targets)
        arn = self.attributes(context, properties.values)['Arn']
        replace(
            old.get('Tags'),
            context.tags(properties.take('Tags')),
            lambda keys: events.untag_resource(ResourceARN=arn, TagKeys=keys),
            lambda tags: events.tag_resource(ResourceARN=arn, Tags=tags),
        )


def fire(context: Context, name: str) -> None:
    """What the schedule does, when it is time."""
    from cloudformation import permissions
    from cloudformation.resource import Failure

    events, iam = context.aws('events'), context.aws('iam')
    if events.describe_rule(Name=name)['State'] != 'ENABLED':
        return
    for target in events.list_targets_by_rule(Rule=name)['Targets']:
        arn, role = target['Arn'], target['RoleArn']
        if not permissions.trusts(iam, role, 'events.amazonaws.com', context.region):
            raise Failure(f'events.amazonaws.com cannot assume {role}')
        if not permissions.allows(iam, role, 'states:StartExecution', arn):
            raise Failure(f'{role} may not start {arn}')
        context.aws('stepfunctions').start_execution(stateMachineArn=arn, input=target['Input'])
