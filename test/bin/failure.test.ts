import { told } from '../../bin/failure';

test('of what was refused only the sentence is told', () => {
  expect(told(new Error('`web.cpu` must be one of 1024, 2048'))).toBe('\n`web.cpu` must be one of 1024, 2048\n');
});

test('of a mistake in a program also where it happened', () => {
  expect(told(new TypeError('undefined is not a function'))).toMatch(/undefined is not a function\n\s+at /);
});

test('what is thrown and no error is told as it is', () => {
  expect(told('stop')).toBe('stop');
});
