import { RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { COPY_OF, isCopy, partsOf, type Revision, revisionOf, revisionsOf } from '../operations/revisions';
import type { Context } from './context';

/**
 * The revision itself, or a copy of it: CloudFormation deregisters what a successful deployment has replaced, and no
 * service may be given such a revision (ECS, DeregisterTaskDefinition).
 */
export async function usable(context: Context, taskDefinition: string, revision: number): Promise<string> {
  const { aws } = context;
  const { family } = partsOf(taskDefinition);
  const wanted = await revisionOf(aws, `${family}:${revision}`);
  if (taskDefinition === wanted.arn || wanted.definition.status !== 'INACTIVE') return wanted.arn;
  for await (const each of revisionsOf(aws, family)) {
    if (each.revision <= wanted.revision) break;
    if (isCopy(each, wanted.arn) && each.definition.status !== 'INACTIVE') return each.arn;
  }
  return copy(context, wanted);
}

async function copy({ aws, io }: Context, { arn, definition, tags, revision }: Revision): Promise<string> {
  const { family, containerDefinitions, taskRoleArn, executionRoleArn, networkMode, volumes, cpu, memory } = definition;
  const { placementConstraints, runtimePlatform, ephemeralStorage, pidMode, ipcMode, proxyConfiguration } = definition;
  const { taskDefinition } = await aws.ecs.send(
    new RegisterTaskDefinitionCommand({
      family,
      containerDefinitions,
      taskRoleArn,
      executionRoleArn,
      networkMode,
      volumes,
      cpu,
      memory,
      placementConstraints,
      runtimePlatform,
      ephemeralStorage,
      pidMode,
      ipcMode,
      proxyConfiguration,
      // What it was checked for, not what it needs of the region.
      requiresCompatibilities: definition.requiresCompatibilities,
      tags: [
        ...tags.filter(({ key = '' }) => !key.startsWith('aws:') && key !== COPY_OF),
        { key: COPY_OF, value: arn },
      ],
    }),
  );
  io.say(`  revision ${revision} was deregistered; revision ${taskDefinition!.revision} is a copy of it`);
  return taskDefinition!.taskDefinitionArn!;
}
