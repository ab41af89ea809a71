// What becomes of a cluster when a node is killed, or the master of its Redis.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PAGE,
  cli,
  idsIn,
  metric,
  nameOf,
  startNode,
  startRedis,
  timesUp,
  upAgain,
  withCluster,
} from '../support/cluster.mjs';
import { get, ID_TAKEN, OPEN, partners, relayed, until } from '../support/wire.mjs';

/** What says in Redis that a node lives. */
const leasesOf = (node, redis) =>
  cli(redis, 'keys', `*:node:${nameOf(node)}`).split('\n').filter((key) => key !== '');

describe('Cluster, when a node dies', { concurrency: 3 }, () => {
  it(
    'or hangs, what is on the way to it is given up in time, and then what waits behind that',
    withCluster({ args: ['-t', '20s', '--drain_timeout', '100ms'] }, async ({ nodes, peer }) => {
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      nodes[1].child.kill('SIGSTOP');
      const from = performance.now();
      a.signal('OFFER', b.id, 'on the way');
      await a.fence();
      await peer('c-', { server: nodes[0] }); // so that Redis has it
      a.signal('OFFER', b.id, 'behind it');
      await a.fence();
      const expired = relayed('EXPIRE', b.id, a.id);
      assert.equal(await a.next(15_000), expired);
      const first = performance.now() - from;
      assert.equal(await a.next(20_000), expired);
      const second = performance.now() - from;
      assert.ok(first > 9_000 && first < 12_000, `told of the first after ${first} ms`);
      assert.ok(second < 22_000, `told of the second after ${second} ms`);
      await a.fence();
    }),
  );

  it(
    'its peers resume elsewhere at once, and nobody is told that they left',
    withCluster({}, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      await partners(a, b);
      await nodes[0].stop('SIGKILL');
      b.signal('CANDIDATE', a.id, 'meanwhile');
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      again.signal('CANDIDATE', b.id, 'here');
      await b.expect(relayed('CANDIDATE', a.id, b.id, '"here"'));
      await b.fence();
    }),
  );

  it(
    'what it may have delivered is told to its sender at once, and what follows goes on',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const senders = [await peer('b-', { server: nodes[1] }), await peer('c-', { server: nodes[2] })];
      nodes[0].child.kill('SIGSTOP');
      for (const each of senders) {
        each.signal('OFFER', a.id, 'with it');
        await each.fence();
        each.signal('OFFER', a.id, 'behind it');
        await each.fence();
      }
      await nodes[0].stop('SIGKILL');
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      for (const each of senders) {
        assert.equal(await each.next(3_000), relayed('EXPIRE', a.id, each.id));
      }
      const expected = senders.map(({ id }) => relayed('OFFER', id, a.id, '"behind it"'));
      assert.deepEqual([await again.next(), await again.next()].sort(), expected.sort());
      for (const each of senders) {
        each.signal('ANSWER', a.id, 'new');
        await again.expect(relayed('ANSWER', each.id, a.id, '"new"'));
        await each.fence();
      }
    }),
  );

  it(
    'of what a peer that has ended had sent to it, nobody is told who has its id then',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ nodes, peer }) => {
      const a = await peer('a-', { server: nodes[0], token: 'one' });
      const b = await peer('b-', { server: nodes[1] });
      const c = await peer('c-', { server: nodes[0] });
      nodes[1].child.kill('SIGSTOP');
      a.signal('OFFER', b.id, 1);
      await a.fence();
      await a.close(1001);
      const another = await peer(a.id, { server: nodes[2], token: 'two' });
      await nodes[1].stop('SIGKILL');
      const given = () =>
        metric(nodes[0], 'peerjsd_cluster_messages_total', '{result="unknown"}');
      await until(given, 'what was on the way to be given up');
      c.signal('OFFER', another.id, 2); // behind an EXPIRE
      await another.expect(relayed('OFFER', c.id, another.id, '2'));
    }),
  );

  it(
    'a LEAVE that was on the way to it reaches its peer where that comes back',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[1], ...PAGE });
      const b = await peer('b-', { server: nodes[0], ...PAGE });
      await partners(a, b);
      nodes[0].child.kill('SIGSTOP');
      await a.close(1001);
      await peer('c-', { server: nodes[1] }); // so that Redis has passed it on
      await nodes[0].stop('SIGKILL');
      const again = socket({ server: nodes[2], id: b.id, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'its ids are free for others when its lease has ended',
    withCluster({}, async ({ nodes, peer, socket, claim }) => {
      const a = await peer('a-', { server: nodes[0], token: 'mine' });
      await nodes[0].stop('SIGKILL');
      await socket({ server: nodes[1], id: a.id, token: 'theirs' }).expect(ID_TAKEN);
      const from = Date.now();
      await until(
        async () => {
          const attempt = socket({ server: nodes[1], id: a.id, token: 'theirs' });
          return (await attempt.next()) === OPEN;
        },
        'the end of the lease',
        20_000,
      );
      assert.ok(Date.now() - from < 17_000);
      await claim(a.id, { server: nodes[1], token: 'theirs' });
    }),
  );

  it(
    'its peers are forgotten, and nobody is told that they left',
    withCluster({}, async ({ redis, nodes, peer }) => {
      const operator = { Authorization: 'Bearer token-of-the-tests' };
      await Promise.all(Array.from({ length: 100 }, () => peer('p-', { server: nodes[0] })));
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      await partners(a, b);
      const target = `/peers/peerjs/${a.id}`;
      assert.equal((await get(nodes[1].admin, target, operator)).status, 200);
      assert.equal(idsIn(redis), 102);
      await nodes[0].stop('SIGKILL');
      const name = nameOf(nodes[0]);
      const leases = cli(redis, 'keys', `*:node:${name}`).trim().split('\n');
      cli(redis, 'del', ...leases); // as if they had ended
      assert.equal((await get(nodes[1].admin, target, operator)).status, 404);
      const commands = () => metric(nodes[1], 'peerjsd_cluster_commands_total');
      const before = await commands();
      await until(() => idsIn(redis) === 1, 'Redis to forget the peers', 30_000);
      const asked = (await commands()) - before;
      assert.ok(asked < 200, `${asked} commands: 64 to look after all, and as many for its lease`);
      await b.fence(); // no LEAVE has come
    }),
  );

  it(
    'one whose lease has ended is held for dead, whether it is or not',
    withCluster({ count: 3 }, async ({ redis, nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], token: 'mine' });
      const b = await peer('b-', { server: nodes[1] });
      nodes[0].child.kill('SIGSTOP');
      cli(redis, 'del', ...leasesOf(nodes[0], redis));
      b.signal('OFFER', a.id, 1);
      await b.fence();
      const again = socket({ server: nodes[2], id: a.id, token: 'mine' });
      await again.expect(OPEN);
      await again.expect(relayed('OFFER', b.id, a.id, '1'));
    }),
  );

  it(
    'one that lives renews its lease',
    withCluster({ count: 1 }, async ({ redis, nodes }) => {
      const [lease] = leasesOf(nodes[0], redis);
      const left = () => Number(cli(redis, 'pttl', lease));
      const before = left();
      await until(() => left() > before, 'more time than before', 20_000);
    }),
  );

  it(
    'one that stops in order frees its ids at once, and leaves no lease',
    withCluster({}, async ({ redis, nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], token: 'mine' });
      assert.equal(leasesOf(nodes[0], redis).length, 64);
      await nodes[0].stop();
      assert.deepEqual(leasesOf(nodes[0], redis), []);
      await a.expectClosed();
      await socket({ server: nodes[1], id: a.id, token: 'theirs' }).expect(OPEN);
    }),
  );
});

/** Two nodes that know two addresses, of which the second is that of a master. */
const withReplica = (fn) => async () => {
  const master = await startRedis();
  const replica = await startRedis({
    args: ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'],
  });
  const url = `redis://127.0.0.1:${replica.port},127.0.0.1:${master.port}`;
  try {
    await withCluster({ count: 0 }, async (cluster) => {
      const isUp = () => /master_link_status:up/.test(cli(replica, 'info', 'replication'));
      await until(isUp, 'the replica');
      for (let i = 0; i < 2; i += 1) cluster.nodes.push(await startNode(url));
      await fn({ ...cluster, master, replica });
    })();
  } finally {
    await Promise.all([replica, master].map((redis) => redis.stop()));
  }
};

describe('Cluster, when its Redis fails over', { concurrency: 2 }, () => {
  /** `failOver` makes the replica the master. */
  const follows = (failOver) =>
    withReplica(async ({ master, replica, nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], token: 'mine' });
      const b = await peer('b-', { server: nodes[1] });
      await partners(a, b);
      const before = nodes.map(timesUp);
      const late = await failOver({ master, replica, nodes, peer });
      await Promise.all(nodes.map((node, i) => upAgain(node, before[i])));
      for (const node of nodes) {
        const [, port] = node.log().match(/.*Redis at 127\.0\.0\.1:(\d+) reached/s);
        assert.equal(Number(port), replica.port);
      }
      a.signal('CANDIDATE', b.id, 1);
      await b.expect(relayed('CANDIDATE', a.id, b.id, '1'));
      for (const { id } of [a, late]) {
        await socket({ server: nodes[1], id, token: 'theirs' }).expect(ID_TAKEN);
      }
      for (const each of [a, late]) await each.fence();
    });

  it(
    'when the master is killed, the nodes follow to the replica',
    follows(async ({ master, replica, nodes, peer }) => {
      const late = await peer('late-', { server: nodes[0] });
      await master.stop('SIGKILL');
      cli(replica, 'replicaof', 'no', 'one');
      return late;
    }),
  );

  it(
    'when the master is demoted they do, too, with an id that only it had',
    follows(async ({ master, replica, nodes, peer }) => {
      cli(replica, 'replicaof', 'no', 'one');
      const late = await peer('late-', { server: nodes[0] });
      cli(master, 'replicaof', '127.0.0.1', String(replica.port));
      return late;
    }),
  );
});
