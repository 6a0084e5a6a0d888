import { parse } from './arguments';

test('without arguments it is all scenarios of the minimal example', () => {
  expect(parse([])).toEqual({
    of: 'minimal',
    only: Array.from({ length: 17 }, (_, index) => index + 1),
    report: undefined,
    logs: '.local/rehearsal',
    install: false,
  });
});

test('scenarios run in their order, each once', () => {
  expect(parse(['production', '--only', '8,3,8'])).toMatchObject({ of: 'production', only: [3, 8] });
});

test.each([
  [['--only', '0'], /numbers from 1 to 17.*got: 0/],
  [['--only', '1,x'], /got: 1,x/],
  [['--only', ''], /numbers from 1 to 17/],
  [['--only', '1,'], /got: 1,/],
  [['--only'], /--only/],
  [['one', 'two'], /got: one, two/],
  [['--fast'], /--fast/],
])('%j is refused', (args, message) => {
  expect(() => parse(args)).toThrow(message);
});
