"""AWS::Backup"""

import contextlib
import uuid
from typing import Any

from moto.backends import get_backend

from cloudformation import permissions
from cloudformation.resource import Context, Failure, Handler, Properties, handles

# The emulator has no selections. Of an account and region, by their ids.
SELECTIONS: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}


@handles('AWS::Backup::BackupVault')
class BackupVault(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        name = properties.take('BackupVaultName')
        context.aws('backup').create_backup_vault(
            BackupVaultName=name,
            BackupVaultTags=properties.take('BackupVaultTags', {}) | context.stack_tags,
            **properties.given('EncryptionKeyArn'),
        )
        context.physical_id = name
        self._lock(context, properties)
        return name

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._lock(context, new)
        arn = self.attributes(context, new.values)['BackupVaultArn']
        _retag(context, arn, old.get('BackupVaultTags', {}), new.take('BackupVaultTags', {}))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        vaults = get_backend('backup')[context.account][context.region].vaults
        if context.physical_id in vaults:
            context.aws('backup').delete_backup_vault(BackupVaultName=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        arn = context.arn('backup', f'backup-vault:{context.physical_id}')
        return {'BackupVaultArn': arn, 'BackupVaultName': context.physical_id}

    def _lock(self, context: Context, properties: Properties) -> None:
        lock = properties.take('LockConfiguration')
        if lock is not None:
            context.aws('backup').put_backup_vault_lock_configuration(BackupVaultName=context.physical_id, **lock)


@handles('AWS::Backup::BackupPlan')
class BackupPlan(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('backup').create_backup_plan(
            BackupPlan=self._plan(context, properties),
            BackupPlanTags=properties.take('BackupPlanTags', {}) | context.stack_tags,
        )
        return made['BackupPlanId']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        kept = get_backend('backup')[context.account][context.region].plans[context.physical_id]
        # The emulator has no UpdateBackupPlan.
        kept.backup_plan, kept.version_id = self._plan(context, new), str(uuid.uuid4())
        arn = self.attributes(context, new.values)['BackupPlanArn']
        _retag(context, arn, old.get('BackupPlanTags', {}), new.take('BackupPlanTags', {}))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        selections = SELECTIONS.get((context.account, context.region), {}).values()
        if any(selection['BackupPlanId'] == context.physical_id for selection in selections):
            raise Failure('Related backup plan selections must be deleted prior to backup plan deletion.')
        backup = context.aws('backup')
        with contextlib.suppress(backup.exceptions.ResourceNotFoundException):
            backup.delete_backup_plan(BackupPlanId=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        plan = context.aws('backup').get_backup_plan(BackupPlanId=context.physical_id)
        return {name: plan[name] for name in ('BackupPlanId', 'BackupPlanArn', 'VersionId')}

    def _plan(self, context: Context, properties: Properties) -> dict[str, Any]:
        plan = properties.take('BackupPlan')
        rules = [self._rule(context, rule) for rule in plan['BackupPlanRule']]
        return {name: value for name, value in plan.items() if name != 'BackupPlanRule'} | {'Rules': rules}

    def _rule(self, context: Context, rule: dict[str, Any]) -> dict[str, Any]:
        vault = rule['TargetBackupVault']
        vaults = context.aws('backup').list_backup_vaults()['BackupVaultList']
        if vault not in [each['BackupVaultName'] for each in vaults]:
            raise Failure(f'TargetBackupVault: the backup vault {vault} does not exist.')
        return {name: value for name, value in rule.items() if name != 'TargetBackupVault'} | {
            'TargetBackupVaultName': vault
        }


@handles('AWS::Backup::BackupSelection')
class BackupSelection(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        plan, selection = properties.take('BackupPlanId'), properties.take('BackupSelection')
        context.aws('backup').get_backup_plan(BackupPlanId=plan)
        if not permissions.trusts(context.aws('iam'), selection['IamRoleArn'], 'backup.amazonaws.com', context.region):
            raise Failure(f'IamRoleArn: the role {selection["IamRoleArn"]} cannot be assumed by AWS Backup.')
        selection_id = f'{uuid.uuid4()}_{plan}'
        SELECTIONS.setdefault((context.account, context.region), {})[selection_id] = {'BackupPlanId': plan} | selection
        return selection_id

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        SELECTIONS.get((context.account, context.region), {}).pop(context.physical_id, None)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {
            'Id': context.physical_id,
            'SelectionId': context.physical_id.split('_')[0],
            'BackupPlanId': properties['BackupPlanId'],
        }


def _retag(context: Context, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
    backup, tags = context.aws('backup'), context.stack_tags | new
    if removed := [key for key in old if key not in tags]:
        backup.untag_resource(ResourceArn=arn, TagKeyList=removed)
    if tags:
        backup.tag_resource(ResourceArn=arn, Tags=tags)
