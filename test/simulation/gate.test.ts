import { LIVES, lives } from './lives';

test('one version runs at a time, and what can run runs in the end (from life 1 on)', async () => {
  expect(await lives(1, LIVES)).toEqual([]);
});
