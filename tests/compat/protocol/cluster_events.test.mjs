// What the operator's service is told of peers that move between the nodes of a cluster.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startBackend } from '../support/backend.mjs';
import { apart, PAGE, startNode, withCluster, withProxy } from '../support/cluster.mjs';
import { ID_TAKEN, OPEN, until } from '../support/wire.mjs';

/** What a backend was told: { server, what }. */
const toldTo = (backend) =>
  backend.asked.flatMap(({ json: { server, events } }) =>
    events.map(({ type, reason }) => ({ server, what: reason ? `${type} ${reason}` : type })),
  );

/** What each server has told it, in the order in which they began. */
function byServer(backend) {
  const all = new Map();
  for (const { server, what } of toldTo(backend)) {
    all.set(server, [...(all.get(server) ?? []), what]);
  }
  return [...all.values()];
}

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
      const heard = (what, count) =>
        until(() => toldTo(backend).filter((event) => event.what === what).length === count, what);

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

      assert.deepEqual(byServer(backend), [
        ['connect', 'disconnect resumed elsewhere'],
        ['connect', 'disconnect server stops'],
        ['connect', 'disconnect closed', 'leave'],
      ]);
    } finally {
      await backend.stop();
    }
  }),
);

it('who has lost its id to another one leaves', async () => {
  const backend = await startBackend();
  const args = ['--event_url', backend.url, '--hook_secret', 'x'.repeat(32)];
  const test = withProxy(
    async ({ proxy, near, far, name, socket }) => {
      const id = name('same-');
      const told = (count) => until(() => toldTo(backend).length === count, `${count} events`);
      const one = socket({ server: near, id, token: 'one' });
      await one.expect(OPEN);
      await told(1);
      let other;
      await apart({ proxy, far }, async () => {
        other = socket({ server: far, id, token: 'two' });
        await other.expect(OPEN);
      });
      await other.expect(ID_TAKEN);
      await told(4);
      await one.fence();
      assert.deepEqual(byServer(backend), [
        ['connect'],
        ['connect', 'disconnect id taken on another node', 'leave'],
      ]);
    },
    { args },
  );
  try {
    await test();
  } finally {
    await backend.stop();
  }
});
