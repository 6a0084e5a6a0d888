import { Validations } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import { referredResource, resources } from '../app-resources';
import { isKnown } from '../invalid-prop';

/** The Secrets that RDS manages are called so. */
const MANAGED_BY_RDS = /(^|:secret:)rds!/;

/** Says so where the password is known to rotate under nodes that run. */
export function warnOfRotation(scope: IConstruct, { secretArn }: secretsmanager.ISecret) {
  const resource = referredResource(secretArn);
  const isManaged =
    (isKnown(secretArn) && MANAGED_BY_RDS.test(secretArn)) ||
    // Of these two it is the only ARN of a Secret.
    rds.CfnDBInstance.isCfnDBInstance(resource) ||
    rds.CfnDBCluster.isCfnDBCluster(resource);
  const schedule = isManaged ? undefined : scheduleOf(scope, secretArn);
  if (!isManaged && schedule === undefined) return;
  Validations.of(scope).addWarning(
    'cdk-nocobase:database-password-rotates',
    `${
      schedule
        ? `This Secret rotates (${schedule.node.path}).`
        : 'RDS manages this Secret and rotates it every seven days.'
    } Nodes read it when they start: after a rotation those that run can open no further connection. ${
      schedule
        ? 'Acknowledge this when nodes are started anew after every rotation (cdk-nocobase maintenance restart; a deployment without a change starts none), or give NocoBase a user of its own.'
        : 'Give NocoBase a user of its own, or switch the management off.'
    }`,
  );
}

function scheduleOf(scope: IConstruct, secretArn: string): secretsmanager.CfnRotationSchedule | undefined {
  const wanted = unattached(secretArn);
  return resources(scope, secretsmanager.CfnRotationSchedule.isCfnRotationSchedule).find(
    ({ secretId }) => unattached(secretId) === wanted,
  );
}

/** A Secret that is attached to a database goes by the ARN of the attachment, which is the same. */
function unattached(secretArn: string): string {
  const resource = referredResource(secretArn);
  return secretsmanager.CfnSecretTargetAttachment.isCfnSecretTargetAttachment(resource)
    ? unattached(resource.secretId)
    : secretArn;
}
