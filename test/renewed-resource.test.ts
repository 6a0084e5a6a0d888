import { App, Aspects, CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import { renewWith } from '../lib/renewed-resource';

function renewed(inputs: () => unknown) {
  const app = new App();
  const stack = new Stack(app, 'Prod');
  const resource = new CfnResource(stack, 'Thing', { type: 'Company::Thing' });
  renewWith(resource, inputs);
  // As most resources are named: by many others.
  for (let i = 0; i < 20; i++)
    new CfnResource(stack, `Other${i}`, { type: 'Company::Other', properties: { of: resource.ref } });
  const id = () => {
    const { Resources } = app.synth({ force: true }).getStackByName('Prod').template;
    return Object.keys(Resources).find((name) => Resources[name].Type === 'Company::Thing');
  };
  return { stack, id };
}

test('what a resource is made of is looked at once while a template is written, however often it is named', () => {
  let looks = 0;
  const { id } = renewed(() => ++looks);
  const first = id();
  const perSynthesis = looks;
  expect(perSynthesis).toBe(1);
  expect(id()).not.toBe(first);
  expect(looks).toBe(2 * perSynthesis);
});

test('it is what it is in the end, also of what aspects change and of what is produced late', () => {
  let size = 1;
  const { stack, id } = renewed(() => ({ size: Lazy.number({ produce: () => size }) }));
  const first = id();
  Aspects.of(stack).add({
    visit: () => {
      size = 2;
    },
  });
  const second = id();
  expect(second).not.toBe(first);
  expect(id()).toBe(second);
});

test('it is the same for the same in another order', () => {
  const ids = [() => ({ a: 1, b: [1, 2] }), () => ({ b: [1, 2], a: 1 }), () => ({ a: 1, b: [2, 1] })].map((inputs) =>
    renewed(inputs).id(),
  );
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});
