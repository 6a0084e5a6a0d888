import * as fc from 'fast-check';
import { editDistance, mostSimilar } from '../../bin/similar';

test.each([
  ['license', 'license', 0],
  ['licence', 'license', 1],
  ['licnese', 'license', 1],
  ['maxNode', 'maxNodes', 1],
  ['web', '', 3],
])('from %s to %s it takes %i edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});

test('the distance is the same in both directions and never more than the longer word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test('nothing is suggested when nothing is near', () => {
  expect(mostSimilar('entrence', ['license', 'entrance', 'environment'])).toBe('entrance');
  expect(mostSimilar('MAXNODES', ['maxNodes'])).toBe('maxNodes');
  expect(mostSimilar('flavour', ['license', 'entrance', 'environment'])).toBeUndefined();
  expect(mostSimilar('license', [])).toBeUndefined();
});
