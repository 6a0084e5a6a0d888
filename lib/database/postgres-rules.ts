import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { PostgresDatabaseProps } from './postgres-props';

/** Why the instance is as it is where a rule would have it otherwise. */
export function acknowledgePostgres(instance: IConstruct, props: PostgresDatabaseProps) {
  const port = 'Access is limited by security group to the nodes; another port would hide nothing from them.';
  Validations.of(instance).acknowledge(
    { id: 'AwsSolutions-RDS11', reason: port },
    { id: 'cdk-validator-cfnguard::rds_instance_no_default_ports_check', reason: port },
    {
      id: 'AwsSolutions-SMG4',
      reason:
        'Nodes read the password when they start: after a rotation they would have to be started anew, and until then could open no further connection.',
    },
    {
      id: 'cdk-validator-cfnguard::rds_instance_enhanced_monitoring_enabled_check',
      reason: 'Database Insights shows load by query and wait, which is what a NocoBase database needs.',
    },
    {
      id: 'cdk-validator-cfnguard::rds_storage_encrypted_kms_key_check',
      reason: 'Encrypted with the key that AWS manages for RDS in this account.',
    },
    {
      id: 'cdk-validator-cfnguard::rds_instance_iam_authentication_enabled_check',
      reason: 'NocoBase signs in with a password and cannot use IAM tokens, which end after 15 minutes.',
    },
  );
  if (!props.multiAz) {
    const standby = 'A standby doubles the price and is one prop away: Database.postgres({ multiAz: true }).';
    Validations.of(instance).acknowledge(
      { id: 'AwsSolutions-RDS3', reason: standby },
      { id: 'cdk-validator-cfnguard::rds_instance_multi_az_support_check', reason: standby },
    );
  }
  if (props.snapshot) {
    const asBefore = 'A restored database is as encrypted as its snapshot; RDS refuses to be told otherwise.';
    Validations.of(instance).acknowledge(
      { id: 'AwsSolutions-RDS2', reason: asBefore },
      { id: 'cdk-validator-cfnguard::rds_instance_storage_encrypted_check', reason: asBefore },
    );
  }
  if (props.deletionProtection === false) {
    const unprotected = 'Switched off by `deletionProtection: false`; a final snapshot is still taken.';
    Validations.of(instance).acknowledge(
      { id: 'AwsSolutions-RDS10', reason: unprotected },
      { id: 'cdk-validator-cfnguard::rds_instance_deletion_protection_enabled_check', reason: unprotected },
    );
  }
}
