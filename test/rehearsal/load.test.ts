import { failingTimes, longestOutage } from './load';

const answer = (at: number, problem?: string) => ({ at, problem, isWrite: false });

test('the time without service is the longest one between two good answers', () => {
  const answers = [
    answer(0),
    answer(1000),
    answer(1200, 'HTTP 503'),
    answer(4000, 'HTTP 503'),
    answer(4500),
    answer(5000),
  ];
  expect(longestOutage(answers)).toBe(3500);
  expect(failingTimes(answers)).toBe('1.2–1.2 s (1), 4.0–4.0 s (1)');
});

test('it counts from the first answer and to the last', () => {
  expect(longestOutage([answer(0, 'HTTP 502'), answer(2000), answer(5000, 'HTTP 502')])).toBe(3000);
});
