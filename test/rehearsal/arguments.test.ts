import { parse } from './arguments';

test('without arguments it is all scenarios of the minimal example', () => {
  expect(parse([])).toEqual({ of: 'minimal', only: [1, 2, 3, 4, 5, 6, 7, 8, 9], report: undefined });
});

test('scenarios run in their order, each once', () => {
  expect(parse(['production', '--only', '8,3,8'])).toMatchObject({ of: 'production', only: [3, 8] });
});

test.each([
  [['--only', '0'], /numbers from 1 to 9.*got: 0/],
  [['--only', '1,x'], /got: 1,x/],
  [['--only', ''], /numbers from 1 to 9/],
  [['--only', '1,'], /got: 1,/],
  [['--only'], /--only/],
  [['one', 'two'], /got: one, two/],
  [['--fast'], /--fast/],
])('%j is refused', (args, message) => {
  expect(() => parse(args)).toThrow(message);
});
