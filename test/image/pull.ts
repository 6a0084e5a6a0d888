import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { NocoBaseImage } from '../../lib';
import { only, render } from '../cluster-fixture';

export function newStack(props: StackProps = {}): Stack {
  return new Stack(new App(), 'Prod', props);
}

/** An image in a task definition, with what the role may do that pulls it. */
export function pull(image: NocoBaseImage, { stack = newStack(), cpuArchitecture = ecs.CpuArchitecture.ARM64 } = {}) {
  const { containerImage, ...binding } = image.bind(stack, { cpuArchitecture });
  const task = new ecs.FargateTaskDefinition(stack, 'Task');
  task.addContainer('NocoBase', { image: containerImage });
  const template = Template.fromStack(stack);
  const [container] = only(template, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
  return {
    binding,
    template,
    container,
    image: text(container.Image),
    statements: Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    ),
  };
}

/** Actions, by the resource that they are allowed on. */
export function allowed(statements: any[]): { [resource: string]: string[] } {
  return Object.fromEntries(statements.map(({ Resource, Action }) => [text(Resource), [Action].flat()]));
}

/** As `render`, with the references that assets and other stacks are made of. */
export function text(value: any): string {
  return value['Fn::Sub'] ?? value['Fn::ImportValue'] ?? render(value);
}
