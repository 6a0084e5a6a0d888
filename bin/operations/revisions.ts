import {
  DescribeTaskDefinitionCommand,
  paginateListTaskDefinitions,
  type Tag,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { Aws } from './aws';

/** A revision of what nodes are. */
export interface Revision {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  /** What of NocoBase runs: image and plug-ins. Undefined: not of this library. */
  readonly generation?: string;
  readonly image: string;
  readonly definition: TaskDefinition;
  readonly tags: readonly Tag[];
}

export async function revisionOf(aws: Aws, taskDefinition: string): Promise<Revision> {
  const { taskDefinition: definition = {}, tags = [] } = await aws.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }),
  );
  const containers = definition.containerDefinitions ?? [];
  const variable = (name: string) =>
    containers.flatMap(({ environment }) => environment ?? []).find((each) => each.name === name)?.value;
  return {
    arn: definition.taskDefinitionArn!,
    family: definition.family!,
    revision: definition.revision!,
    generation: variable('LAUNCHER_GENERATION'),
    image: variable('LAUNCHER_IMAGE') ?? containers[0]?.image ?? 'an unknown image',
    definition,
    tags,
  };
}

/** More were not made in a while. */
const LOOKED_AT = 100;

/** The newest first; also those that no service may be given any more. */
export async function* revisionsOf(aws: Aws, family: string): AsyncGenerator<Revision> {
  const arns: string[] = [];
  for (const status of ['ACTIVE', 'INACTIVE'] as const) {
    const pages = paginateListTaskDefinitions({ client: aws.ecs }, { familyPrefix: family, status, sort: 'DESC' });
    for await (const { taskDefinitionArns = [] } of pages) {
      arns.push(...taskDefinitionArns);
      if (arns.length >= 10 * LOOKED_AT) break;
    }
  }
  const numbered = arns
    .map((arn) => ({ arn, ...partsOf(arn) }))
    .filter((each) => each.family === family)
    .sort((a, b) => b.revision - a.revision);
  for (const { arn } of numbered.slice(0, LOOKED_AT)) yield await revisionOf(aws, arn);
}

export function partsOf(arn: string): { family: string; revision: number } {
  const [family = '', revision] = arn.split('/').at(-1)!.split(':');
  return { family, revision: Number(revision) };
}

/** Of a revision that was made of one which no service may be given any more. */
export const COPY_OF = 'cdk-nocobase:copy-of';

export function isCopy({ tags }: Revision, of?: string): boolean {
  return tags.some(({ key, value }) => key === COPY_OF && (of === undefined || value === of));
}

/** A generation that began. */
export interface Beginning {
  readonly generation: string;
  readonly at: Date;
  /** Of which task definition, where that is known. */
  readonly family?: string;
  readonly revision?: number;
}

/**
 * The revision of a family whose nodes ran until another generation began: the newest that was there at that moment and
 * is of another generation. What a deployment has made that failed before is not there any more by then. A deployment
 * that came meanwhile has a greater number; a copy may have that too, because it is as old as what it is a copy of.
 */
export async function revisionBefore(aws: Aws, family: string, begun: Beginning): Promise<Revision | undefined> {
  for await (const revision of revisionsOf(aws, family)) {
    const { registeredAt, deregisteredAt, status } = revision.definition;
    const wasThere =
      (registeredAt === undefined || registeredAt <= begun.at) &&
      (status !== 'INACTIVE' || deregisteredAt === undefined || deregisteredAt >= begun.at);
    const isEarlier = begun.family !== family || revision.revision < begun.revision! || isCopy(revision);
    if (wasThere && isEarlier && revision.generation !== undefined && revision.generation !== begun.generation)
      return revision;
  }
  return undefined;
}

/** Whether a family contradicts that one generation, and no other, ran from a moment on. */
export async function changedSince(aws: Aws, family: string, generation: string | undefined, moment: Date) {
  let isOlder = false;
  let another = false;
  for await (const { generation: its, definition } of revisionsOf(aws, family)) {
    const { registeredAt, deregisteredAt } = definition;
    if (its === generation) isOlder ||= registeredAt === undefined || registeredAt <= moment;
    else another ||= [registeredAt, deregisteredAt].some((at) => at !== undefined && at > moment);
  }
  return { another, isYounger: !isOlder };
}
