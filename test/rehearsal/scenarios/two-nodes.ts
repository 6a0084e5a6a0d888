import { Api, makeCollection } from '../api';
import type { Scenario, Stage } from '../scenario';
import { seconds, until } from '../waiting';

export const twoNodes: Scenario = {
  number: 2,
  title: 'two nodes, one NocoBase',
  async run({ cluster, say, expect }) {
    const [one, other] = await cluster.serve(2);
    say('Signing in with the generated password …');
    const api = await Api.signIn(cluster);
    expect('the root user signs in over the load balancer with the generated password', 'signed in', true);

    say('A collection and a record made on one node, read on the other …');
    const collection = await makeCollection(api.at(one.port));
    const made = await api.at(one.port).post(`${collection}:create`, { title: 'made on one' });
    let seen: { title: string }[] = [];
    const took = await until(
      'the record of one node on the other',
      async () => {
        seen = await api
          .at(other.port)
          .get(`${collection}:list?filterByTk=${made.id}`)
          .catch(() => []);
        return seen.length > 0;
      },
      10_000,
    ).catch((error: Error) => error);
    expect(
      'what is made on one node is read on the other',
      typeof took === 'number' ? `${seen[0].title}, after ${seconds(took)}` : took.message,
      typeof took === 'number' && seen.some(({ title }) => title === 'made on one'),
    );

    const file = await api.at(one.port).upload('a file');
    const response = await fetch(new URL(file, api.at(other.port).url), { headers: api.headers });
    const text = await response.text();
    expect(
      'a file uploaded to one node is read from the other',
      `${file}: HTTP ${response.status}, ${text.slice(0, 40)}`,
      response.ok && text === 'a file',
    );
    await page({ cluster, say, expect });
  },
};

/** As a browser opens it: by the path that users are given, and then all that the page names. */
async function page({ cluster, say, expect }: Stage) {
  say('Opening the page …');
  const open = (path: string) => fetch(`${cluster.balancer.url}${path}`);
  const response = await open(cluster.publicPath);
  const html = await response.text();
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
  const answers = await Promise.all(named.map(open));
  // For what is not there NocoBase answers with the page once more.
  const missing = named.filter((_, i) => !answers[i].ok || answers[i].headers.get('content-type')?.includes('html'));
  expect(
    'users open the page over the load balancer, and the scripts and styles that it names',
    `${cluster.publicPath}: HTTP ${response.status}, ${named.length - missing.length} of ${named.length} there ${missing.join(' ')}`.trim(),
    response.ok && named.length > 0 && missing.length === 0,
  );
}
