import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Why the log groups of the library are not kept for ever and have no key of their own. */
export function acknowledgeLogGroup(logGroup: IConstruct) {
  Validations.of(logGroup).acknowledge(
    {
      id: 'cdk-validator-cfnguard::cloudwatch_log_group_retention_period_check',
      reason: 'A month is what operating a cluster takes; who has to keep logs longer says so.',
    },
    {
      id: 'cdk-validator-cfnguard::cloudwatch_log_group_encrypted_check',
      reason: 'Encrypted with the key of CloudWatch Logs; nothing secret is logged.',
    },
  );
}
