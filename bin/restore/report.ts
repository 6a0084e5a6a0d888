import type { DBInstance } from '@aws-sdk/client-rds';
import { written } from '../operations/point';
import type { Revision } from '../operations/revisions';
import type { Context } from './context';
import { notCarriedOver, password } from './plan';
import { differences, missingRoles, PROPERTIES } from './properties';

/** What of the restored instance is not as it was. */
export function comparison(before: DBInstance | undefined, now: DBInstance, { kept }: Context): string[] {
  if (before === undefined) return [`  ${kept} is gone: the two cannot be compared.`];
  const found = differences(before, now);
  const roles = missingRoles(before, now);
  const tags = (before.TagList ?? []).filter(
    ({ Key = '', Value }) =>
      !/^(aws:|cdk-nocobase:)/.test(Key) && !now.TagList?.some((tag) => tag.Key === Key && tag.Value === Value),
  );
  return [
    found.length === 0
      ? `  All ${PROPERTIES.length} properties are as they were.`
      : `  ${PROPERTIES.length - found.length} properties are as they were. Others:`,
    ...found.map(({ name, was, is }) => `    ${name}: ${was} → ${is}`),
    ...roles.map(({ FeatureName, RoleArn }) => `    role for ${FeatureName}: ${RoleArn} → none`),
    ...tags.map(({ Key, Value }) => `    tag ${Key}: ${Value} → none`),
    ...notCarriedOver(before).map((line) => `  Not carried over: ${line}`),
  ];
}

/** What is left to do. */
export function next(
  { kept, cluster, instance, point }: Context,
  revision: Revision,
  isUpgradeUndone: boolean,
): string[] {
  return [
    `The database is back, and nodes run ${revision.image}.`,
    '',
    ...(isUpgradeUndone
      ? [
          `Before the next cdk deploy: set that version (\`image\` in cdk.json or of the cluster) and the plug-ins of that time.`,
          `The stack ${cluster.stackName} may still say the newer one, and a deployment would upgrade again.`,
          '',
        ]
      : []),
    ...password(instance, point),
    '',
    `The database of before is kept as ${kept}, and costs as much as it did.`,
    'When you do not need it any more:',
    `  aws rds modify-db-instance --db-instance-identifier ${kept} --no-deletion-protection --apply-immediately`,
    `  aws rds delete-db-instance --db-instance-identifier ${kept} --final-db-snapshot-identifier ${kept}`,
  ];
}

/** When somebody gives the same command again, perhaps weeks later. */
export function done({ cluster, instance, kept, point }: Context, now: DBInstance, before?: DBInstance): string[] {
  const made = now.InstanceCreateTime ? ` at ${written(now.InstanceCreateTime)}` : '';
  return [
    `${cluster.stackName} is back at ${written(point)} already: ${instance} was restored to it${made}.`,
    'What has happened since then, an upgrade too, is not undone. RDS can restore this instance to moments after that only.',
    before
      ? `The data of before that restore is in ${kept}; from it the same moment can be restored by hand.`
      : `The data of before that restore was in ${kept}, which is gone.`,
  ];
}
