import { referencesOf } from './references';
import { holds, type Resource, type Template } from './template';
import { creationTime, type Time } from './times';

/** A resource that is to be made. */
export interface Step extends Time {
  readonly id: string;
  /** Where it is in the tree of constructs. */
  readonly path: string;
  readonly type: string;
  /** The ids of what has to be there before. */
  readonly after: readonly string[];
}

export type Graph = ReadonlyMap<string, Step>;

/** Nothing is made for it. */
const METADATA = 'AWS::CDK::Metadata';

/**
 * What waits for what in the first deployment of the stacks of an app. A stack
 * that imports from another one comes after the whole of it: the command line
 * deploys them one after the other.
 *
 * @param timeOf for how long each takes, where that is asked
 */
export function graphOf(stacks: { readonly [name: string]: Template }, timeOf = creationTime): Graph {
  const exporters = new Map(
    Object.entries(stacks).flatMap(([name, { Outputs = {} }]) =>
      Object.values(Outputs).flatMap(({ Export }) => (Export ? [[JSON.stringify(Export.Name), name] as const] : [])),
    ),
  );
  const steps = Object.entries(stacks).flatMap(([name, template]) => {
    const resources = resourcesOf(template);
    const references = resources.map(([, resource]) => referencesOf(template, resource));
    const imported = new Set(references.flatMap(({ imports }) => [...imports].map((key) => exporters.get(key))));
    const earlier = [...imported].flatMap((stack) =>
      // What nobody here exports is there already.
      stack === undefined ? [] : resourcesOf(stacks[stack]).map(([logicalId]) => idOf(stack, logicalId)),
    );
    const made = new Set(resources.map(([logicalId]) => logicalId));
    return resources.map(([logicalId, resource], index): Step => {
      const inside = [...references[index].names].filter((reference) => made.has(reference));
      return {
        id: idOf(name, logicalId),
        path: pathOf(resource) ?? idOf(name, logicalId),
        type: resource.Type,
        after: [...inside.map((reference) => idOf(name, reference)), ...earlier],
        ...timeOf(resource, template),
      };
    });
  });
  return new Map(steps.map((step) => [step.id, step]));
}

function resourcesOf(template: Template): [string, Resource][] {
  return Object.entries(template.Resources).filter(
    ([, { Type, Condition }]) => Type !== METADATA && (Condition === undefined || holds(template, Condition)),
  );
}

function idOf(stack: string, logicalId: string): string {
  return `${stack}.${logicalId}`;
}

/** Without the ends that say no more than that a construct has one resource. */
function pathOf({ Metadata }: Resource): string | undefined {
  return Metadata?.['aws:cdk:path']?.replace(/(\/(Resource|Default))+$/, '');
}

/** Every step with its id, after all that it waits for. */
export function inOrder(graph: Graph): readonly Step[] {
  const order = new Set<Step>();
  const underWay: string[] = [];
  function visit(id: string) {
    const step = graph.get(id)!;
    if (order.has(step)) {
      return;
    }
    if (underWay.includes(id)) {
      throw new Error(`These wait for each other: ${[...underWay.slice(underWay.indexOf(id)), id].join(' → ')}`);
    }
    underWay.push(id);
    step.after.forEach(visit);
    underWay.pop();
    order.add(step);
  }
  [...graph.keys()].forEach(visit);
  return [...order];
}

/** All that a step waits for, directly or through others. */
export function ancestorsOf(graph: Graph, id: string): ReadonlySet<Step> {
  const found = new Set<Step>();
  function visit(step: Step) {
    for (const before of step.after.map((name) => graph.get(name)!)) {
      if (!found.has(before)) {
        found.add(before);
        visit(before);
      }
    }
  }
  visit(graph.get(id)!);
  return found;
}
