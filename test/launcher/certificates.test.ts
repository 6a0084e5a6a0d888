import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type Rehearsal, rehearsing } from './rehearsal';

const rehearse = rehearsing();

/** A server whose certificate is its own root, e.g. a Redis on one's own machine. */
async function withServer({ postgres }: Rehearsal, body: (url: string) => Promise<void>) {
  const server = createServer({ cert: postgres.ca, key: postgres.key }, (_request, response) => response.end());
  server.listen(0, 'localhost');
  await once(server, 'listening');
  try {
    await body(`https://localhost:${(server.address() as { port: number }).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('root certificates that nodes are to trust beside the public ones', () => {
  rehearse('are trusted by NocoBase, however many they are', async (rehearsal) => {
    const { ca, otherCa } = rehearsal.postgres;
    await withServer(rehearsal, async (url) => {
      const node = await rehearsal.start('a', { LAUNCHER_TRUSTED_CERTIFICATES: `${otherCa}\n${ca}` });
      node.tell('reach', url);
      node.tell('tell-environment');
      await node.said(`[fake] trusts ${url}`);
      await node.said('NocoBase is healthy');
      expect(rehearsal.all(/LAUNCHER_TRUSTED_CERTIFICATES|BEGIN CERTIFICATE/)).toEqual([]);
    });
  });

  rehearse('are trusted beside the file that the user or the image names', async (rehearsal) => {
    const { ca, otherCa } = rehearsal.postgres;
    // Without a line end, as some editors leave it.
    for (const [name, trusted, named] of [
      ['a', otherCa, ca.trimEnd()],
      ['b', ca.trimEnd(), otherCa],
    ]) {
      const file = join(rehearsal.storage, '..', `${name}.pem`);
      writeFileSync(file, named);
      await withServer(rehearsal, async (url) => {
        const node = await rehearsal.start(name, {
          LAUNCHER_TRUSTED_CERTIFICATES: trusted,
          NODE_EXTRA_CA_CERTS: file,
        });
        node.tell('reach', url);
        await node.said(`[fake] trusts ${url}`);
      });
    }
  });

  rehearse('are trusted also where the user names a file that is not there', async (rehearsal) => {
    await withServer(rehearsal, async (url) => {
      const node = await rehearsal.start('a', {
        LAUNCHER_TRUSTED_CERTIFICATES: rehearsal.postgres.ca,
        NODE_EXTRA_CA_CERTS: '/nowhere.pem',
      });
      node.tell('reach', url);
      await node.said(`[fake] trusts ${url}`);
      await node.said(/Warning: Ignoring extra certs from `\/nowhere\.pem`/);
    });
  });

  rehearse('are the only ones: without them NocoBase trusts the public ones alone', async (rehearsal) => {
    await withServer(rehearsal, async (url) => {
      const node = await rehearsal.start('a', { LAUNCHER_TRUSTED_CERTIFICATES: rehearsal.postgres.otherCa });
      node.tell('reach', url);
      await node.said(`[fake] does not trust ${url}: self-signed certificate`);
    });
  });
});

rehearse('a database that is verified by the public roots must have a certificate of theirs', async (rehearsal) => {
  const node = await rehearsal.start('a', { LAUNCHER_DATABASE_CA: 'well-known', LAUNCHER_START_TIMEOUT: '0.2' });
  expect(await node.exit).toBe(1);
  await node.said(/cannot connect to the database \(.*\): self-signed certificate/);
  expect(rehearsal.all('[fake]')).toEqual([]);
});
