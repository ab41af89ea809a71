// What the operator's service is told of peers that move between the nodes of a cluster.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startBackend } from '../support/backend.mjs';
import { startNode, withCluster } from '../support/cluster.mjs';
import { OPEN, until } from '../support/wire.mjs';

const PAGE = { origin: 'http://app.test' };

it(
  'a peer leaves once, by the node on which it ends, wherever it has been',
  withCluster({ count: 0 }, async ({ redis, nodes, name, socket }) => {
    const backend = await startBackend();
    try {
      const own = ['--event_url', backend.url, '--hook_secret', 'x'.repeat(32)];
      for (let i = 0; i < 3; i += 1) nodes.push(await startNode(redis.url, own));
      const id = name('ann-');
      const connect = async (server) => {
        const made = socket({ server, id, ...PAGE });
        await made.expect(OPEN);
        return made;
      };
      const told = () =>
        backend.asked.flatMap(({ json: { server, events } }) =>
          events.map(({ type, reason }) => ({ server, what: reason ? `${type} ${reason}` : type })),
        );
      const heard = (what, count) =>
        until(() => told().filter((event) => event.what === what).length === count, what);

      const first = await connect(nodes[0]);
      await heard('connect', 1);
      await connect(nodes[1]);
      await first.expectClosed();
      await heard('disconnect resumed elsewhere', 1);
      await heard('connect', 2);
      await nodes[1].stop(); // which tells all that it has to tell
      const last = await connect(nodes[2]);
      await heard('connect', 3);
      await last.close(1000);
      await heard('leave', 1);

      const byServer = new Map();
      for (const { server, what } of told()) {
        byServer.set(server, [...(byServer.get(server) ?? []), what]);
      }
      assert.deepEqual(
        [...byServer.values()],
        [
          ['connect', 'disconnect resumed elsewhere'],
          ['connect', 'disconnect server stops'],
          ['connect', 'disconnect closed', 'leave'],
        ],
      );
    } finally {
      await backend.stop();
    }
  }),
);
