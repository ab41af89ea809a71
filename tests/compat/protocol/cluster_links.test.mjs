// Nodes of a cluster whose links to Redis break for a moment: what is under way arrives, or is known
// to have arrived.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  PAGE,
  apart,
  cli,
  metric,
  nameOf,
  ticked,
  timesUp,
  upAgain,
  withCluster,
  withProxy,
} from '../support/cluster.mjs';
import { OPEN, get, payloadOf, relayed, until } from '../support/wire.mjs';

/** The node loses its links, and has them again. */
async function cutOff(node, redis) {
  const before = timesUp(node);
  for (const type of ['normal', 'pubsub']) cli(redis, 'client', 'kill', 'type', type);
  await upAgain(node, before);
}

/** Where Redis has an id, and what it has there. */
function whereabouts(redis, id) {
  for (const ids of cli(redis, 'keys', '*:ids:peerjs').trim().split('\n')) {
    const owner = cli(redis, 'hget', ids, id).trim();
    if (owner !== '') return { ids, owner };
  }
  return null;
}

/**
 * A peer that has ended, of which Redis does not know: it holds the id for that node still, which
 * stands still, so that it does not put that right.
 */
async function ended({ redis, node, peer }) {
  const old = await peer('b-', { server: node, token: 'its' });
  const entry = whereabouts(redis, old.id);
  await old.close(1000);
  await until(() => whereabouts(redis, old.id) === null, 'the id to be free');
  node.child.kill('SIGSTOP');
  cli(redis, 'hset', entry.ids, old.id, entry.owner);
  return old;
}

/** What it takes for two messages from `far` to come to `near` in vain, as soon as that goes on. */
async function sendInVain({ redis, near, far, peer }) {
  const a = await peer('a-', { server: far });
  const old = await ended({ redis, node: near, peer });
  await sendTwo(a, far, old);
  return { a, old };
}

const hasUnderWay = async (node) => (await metric(node, 'peerjsd_cluster_queue_bytes')) > 0;

/** Two messages from a peer of a node, of which the second waits for the first. */
async function sendTwo(a, node, { id }) {
  a.signal('OFFER', id, 'first');
  await until(() => hasUnderWay(node), 'the first to be under way');
  a.signal('CANDIDATE', id, 'second');
  await a.fence();
}

describe('Cluster, a node whose link breaks for a moment', { concurrency: 3 }, () => {
  it(
    'says afterwards what it has got, and nothing waits for longer behind that',
    withProxy(async ({ proxy, near, far, peer }) => {
      const a = await peer('a-', { server: near });
      const b = await peer('b-', { server: far });
      proxy.delay = 100;
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      proxy.cut(); // with the receipt in it
      proxy.delay = 0;
      a.signal('CANDIDATE', b.id, 2);
      await b.expect(relayed('CANDIDATE', a.id, b.id, '2'));
      await a.fence(); // no EXPIRE has come
    }),
  );

  it(
    'does not ask all the time for who has gone, of whom it is not known what has reached him',
    withProxy(async ({ proxy, near, far, peer }) => {
      const a = await peer('a-', { server: far });
      const b = await peer('b-', { server: near });
      proxy.holdsAnswers = proxy.holdsMessages = true;
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await apart({ proxy, far }, async () => {
        proxy.holdsAnswers = proxy.holdsMessages = false;
        await b.close(1000);
      });
      const commands = () => metric(far, 'peerjsd_cluster_commands_total');
      const before = await commands();
      await ticked(far, 40);
      const asked = (await commands()) - before;
      assert.ok(asked < 40, `${asked} commands in 40 ticks, of which 20 are for the lease`);
    }),
  );

  it(
    'brings what had come to a node in vain to another one, once',
    withProxy(
      async ({ redis, proxy, nodes, far, peer }) => {
        const a = await peer('a-', { server: far });
        const old = await ended({ redis, node: nodes[0], peer });
        const before = timesUp(far);
        proxy.endsAfter = 'receipts';
        a.signal('OFFER', old.id, 1);
        await until(() => hasUnderWay(far), 'it to be under way');
        nodes[0].child.kill('SIGCONT');
        await far.waitForLog(/cannot be reached/);
        const b = await peer(old.id, { server: nodes[1] });
        proxy.delay = 60; // so that no receipt comes at once
        proxy.refuses = false;
        await upAgain(far, before);
        await b.expect(relayed('OFFER', a.id, b.id, '1'));
        a.signal('CANDIDATE', b.id, 2);
        await b.expect(relayed('CANDIDATE', a.id, b.id, '2'));
      },
      { count: 2 },
    ),
  );

  it(
    'has for who comes to it meanwhile what had come to a node in vain, and what waits behind that',
    withProxy(async ({ redis, proxy, near, far, peer, socket }) => {
      const { a, old } = await sendInVain({ redis, near, far, peer });
      proxy.endsAfter = 'receipts'; // so it has no time to ask where the peer is now
      near.child.kill('SIGCONT');
      await far.waitForLog(/cannot be reached/);
      const b = socket({ server: far, id: old.id });
      await b.expect(OPEN);
      await b.expect(relayed('OFFER', a.id, old.id, '"first"'));
      await b.expect(relayed('CANDIDATE', a.id, old.id, '"second"'));
    }),
  );

  it(
    'has for who comes to it meanwhile what waits behind that of which nobody knows',
    withProxy(async ({ proxy, far, peer, socket, name }) => {
      const a = await peer('a-', { server: far });
      const id = name('b-');
      proxy.holdsAnswers = true;
      await sendTwo(a, far, { id });
      await apart({ proxy, far }, async () => {
        proxy.holdsAnswers = false;
        const b = socket({ server: far, id });
        await b.expect(OPEN);
        await b.expect(relayed('CANDIDATE', a.id, id, '"second"'));
      });
    }),
  );
});

describe('Cluster, a node whose link does not answer', { concurrency: 3 }, () => {
  it(
    'gives who has come to it what had come to another one in vain, before anything else',
    withProxy(async ({ redis, proxy, near, far, peer, socket }) => {
      const { a, old } = await sendInVain({ redis, near, far, peer });
      const b = socket({ server: far, id: old.id, token: 'its' });
      const isGranted = () => whereabouts(redis, old.id).owner.startsWith(nameOf(far));
      await until(isGranted, 'the id to be granted');
      await get(far, '/peerjs/peers'); // the answer to that comes after the grant
      proxy.holdsAnswers = true; // so it would ask in vain where the peer is now
      near.child.kill('SIGCONT');
      await b.expect(OPEN);
      a.signal('CANDIDATE', old.id, 'third');
      await b.expect(relayed('OFFER', a.id, old.id, '"first"'));
      await b.expect(relayed('CANDIDATE', a.id, old.id, '"second"'));
      await b.expect(relayed('CANDIDATE', a.id, old.id, '"third"'));
    }, { args: ['--allow_discovery'] }),
  );
});

describe('Cluster, nodes whose links break together', { concurrency: 3 }, () => {
  it(
    'expect each other back',
    withProxy(async ({ redis, proxy, near, far, peer }) => {
      const a = await peer('a-', { server: near });
      const b = await peer('b-', { server: far });
      proxy.holdsMessages = true;
      a.signal('OFFER', b.id, 1);
      await peer('c-', { server: near }); // so that Redis has said to which node it went
      await apart({ proxy, far }, async () => {
        await cutOff(near, redis);
        proxy.holdsMessages = false;
        await new Promise((resolve) => setTimeout(resolve, 800)); // the other one takes longer
      });
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await a.fence(); // no EXPIRE has come
    }),
  );

  it(
    'expect each other back, even if a peer of the one comes to the other first',
    withProxy(async ({ redis, proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: near });
      const b = await peer('b-', { server: far });
      const p = await peer('p-', { server: far, ...PAGE });
      proxy.holdsMessages = true;
      a.signal('OFFER', b.id, 1);
      await peer('c-', { server: near }); // so that Redis has said to which node it went
      await apart({ proxy, far }, async () => {
        await cutOff(near, redis);
        proxy.holdsMessages = false;
        const moved = socket({ server: near, id: p.id, ...PAGE });
        await moved.expect(OPEN);
      });
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await a.fence(); // no EXPIRE has come
    }),
  );
});

describe('Cluster, a node for which more waits than Redis has room for', { concurrency: 2 }, () => {
  /** That happens while it hangs, as long as `meanwhile` takes. Each message comes, or its sender hears. */
  const overflowing = (meanwhile) =>
    withCluster(
      {
        args: ['-t', '20s', '--outstanding_per_sender', '16MiB', '--drain_timeout', '100ms'],
        redisArgs: ['--unixsocket', 'redis.sock'], // of which the system itself keeps little
        enter: ({ directory }) => `unix://${join(directory, 'redis.sock')}`,
      },
      async ({ redis, nodes, peer }) => {
        const room = (limits) =>
          cli(redis, 'config', 'set', 'client-output-buffer-limit', `pubsub ${limits}`);
        const a = await peer('a-', { server: nodes[0] });
        const c = await peer('c-', { server: nodes[0] });
        const there = [];
        for (let i = 0; i < 30; i += 1) there.push(await peer('b-', { server: nodes[1] }));
        const before = timesUp(nodes[1]);
        room('1mb 1mb 1');
        nodes[1].child.kill('SIGSTOP');
        const large = 'x'.repeat(100_000);
        for (const each of there) a.signal('OFFER', each.id, large);
        await redis.waitForLog(/overcoming of output buffer limits/);
        room('32mb 8mb 60');
        const told = await meanwhile(a);
        nodes[1].child.kill('SIGCONT');
        await upAgain(nodes[1], before);

        for (const each of there) a.signal('CANDIDATE', each.id, 'after');
        const lost = new Set();
        for (const each of there) {
          const first = payloadOf(await each.next(6_000)); // less than it is left in doubt
          if (first === 'after') {
            lost.add(relayed('EXPIRE', each.id, a.id));
          } else {
            assert.equal(first, large);
            await each.expect(relayed('CANDIDATE', a.id, each.id, '"after"'));
          }
          each.signal('ANSWER', c.id, 'back');
          await c.expect(relayed('ANSWER', each.id, c.id, '"back"'));
          await each.fence();
        }
        for (const each of told) lost.delete(each);
        while (lost.size > 0) {
          const text = await a.next();
          assert.equal(JSON.parse(text).type, 'EXPIRE');
          lost.delete(text);
        }
      },
    );

  it(
    'is back like after an outage, and lacks nothing that its sender is not told of',
    overflowing(() => []),
  );

  it(
    'is given up for the moment if it takes longer',
    overflowing(async (a) => [await a.next(3_000)]),
  );
});
