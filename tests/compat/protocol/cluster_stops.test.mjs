// Peers whose node stops: what they have waits for them on the others.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PAGE,
  cli,
  delivered,
  handedOver,
  lostWhileSending,
  lostWithAMessage,
  metric,
  ticked,
  withCluster,
  withProxy,
} from '../support/cluster.mjs';
import { OPEN, partners, relayed, until } from '../support/wire.mjs';

describe('Cluster, peers whose node stops', { concurrency: 3 }, () => {
  it(
    'keep their partners',
    withCluster({ count: 3 }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      const c = await peer('c-', { server: nodes[0], ...PAGE });
      await partners(a, b);
      await partners(c, a);
      await nodes[0].stop();
      const again = socket({ server: nodes[2], id: a.id, ...PAGE });
      await again.expect(OPEN);
      const other = socket({ server: nodes[1], id: c.id, ...PAGE });
      await other.expect(OPEN);
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await other.expect(relayed('LEAVE', a.id, c.id));
    }),
  );

  it(
    'keep their partners even if they were lost just then',
    withCluster({}, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      await partners(a, b);
      a.lose();
      await nodes[0].waitForLog(/connection lost/);
      await nodes[0].stop();
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'find what waited for them while they were lost',
    withCluster({ args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[1] });
      const stopped = nodes[0].stop();
      await nodes[0].waitForLog(/Stopping/);
      const again = socket({ server: nodes[1], id: a.id, token: a.token, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await stopped;
    }),
  );

  it(
    'and what waited of one that has left since, before its LEAVE',
    withCluster({ args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[1] });
      const before = await delivered(nodes[1]);
      await b.close(1001);
      await until(async () => (await delivered(nodes[1])) > before, 'the LEAVE to have come');
      const stopped = nodes[0].stop();
      await nodes[0].waitForLog(/Stopping/);
      const again = socket({ server: nodes[1], id: a.id, token: a.token, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      await again.expect(relayed('LEAVE', b.id, a.id));
      await stopped;
    }),
  );

  it(
    'are not told LEAVE by who means another that has had their id',
    withCluster({ count: 3 }, async ({ nodes, peer }) => {
      const a = await peer('a-', { server: nodes[1] });
      const b = await peer('b-', { server: nodes[0], token: 'one' });
      const c = await peer('c-', { server: nodes[1] });
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await until(async () => (await delivered(nodes[1])) === 1, 'the receipt');
      await nodes[0].stop();
      const another = await peer(b.id, { server: nodes[2], token: 'two' });
      await a.close(1001);
      c.signal('OFFER', another.id, 2);
      await another.expect(relayed('OFFER', c.id, another.id, '2'));
    }),
  );

  it(
    'leave nothing to who comes with their id and another token',
    withCluster({ count: 3 }, async ({ nodes, peer, claim }) => {
      const a = await peer('a-', { server: nodes[0], token: 'one', ...PAGE });
      const b = await peer('b-', { server: nodes[2] });
      const c = await peer('c-', { server: nodes[1] });
      await partners(a, b);
      await nodes[0].stop();
      const another = await claim(a.id, { server: nodes[1], token: 'two', ...PAGE });
      await another.close(1001);
      await claim(a.id, { server: nodes[1], token: 'three' });
      c.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', c.id, b.id, '1'));
    }),
  );

  it(
    'and what is on the way to it when it stops',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: near });
      const b = await peer('b-', { server: far, ...PAGE });
      let letPass;
      proxy.messagesWaitFor = new Promise((resolve) => (letPass = resolve));
      a.signal('OFFER', b.id, 1);
      const isUnderWay = async () => (await metric(near, 'peerjsd_cluster_queue_bytes')) > 0;
      await until(isUnderWay, 'it to be on the way');
      const stopped = far.stop();
      await b.expectClosed();
      await ticked(near, 12); // it has nothing else to do meanwhile
      const again = socket({ server: near, id: b.id, token: b.token, ...PAGE });
      letPass();
      await again.expect(OPEN);
      await again.expect(relayed('OFFER', a.id, b.id, '1'));
      await stopped;
    }),
  );

  it(
    'and if they do not come before it ends, whoever has sent that hears of it',
    withCluster(
      { args: ['-t', '60s', '--drain_timeout', '500ms'] },
      async ({ nodes, peer, socket }) => {
        const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[1] });
        await nodes[0].stop();
        await b.expect(relayed('EXPIRE', a.id, b.id));
        const again = socket({ server: nodes[1], id: a.id, token: a.token, ...PAGE });
        await again.expect(OPEN);
        b.signal('CANDIDATE', a.id, 'later');
        await again.expect(relayed('CANDIDATE', b.id, a.id, '"later"'));
      },
    ),
  );

  it(
    'and so does who has sent what was just about to be passed on',
    withCluster(
      { count: 3, args: ['-t', '60s', '--drain_timeout', '100ms'] },
      async ({ nodes, peer }) => {
        const a = await peer('a-', { server: nodes[0], ...PAGE });
        const b = await peer('b-', { server: nodes[1] });
        const x = await peer('x-', { server: nodes[2] });
        await lostWhileSending({ server: nodes[0], other: nodes[1], silent: nodes[2], a, b, x });
        await nodes[0].stop();
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
    ),
  );

  it(
    'and of what comes back only as it ends, too',
    withCluster(
      { count: 4, args: ['-t', '60s', '--drain_timeout', '100ms'] },
      async ({ nodes, peer, socket }) => {
        const x = await peer('x-', { server: nodes[2] });
        const a = await peer('a-', { server: nodes[0], ...PAGE });
        const b = await peer('b-', { server: nodes[1], ...PAGE });
        await lostWhileSending({ server: nodes[0], other: nodes[1], silent: nodes[2], a, b, x });
        socket({ server: nodes[3], id: a.id, ...PAGE });
        await until(async () => (await handedOver(nodes[0])) === 1, 'the peer to be handed over');
        await nodes[3].stop('SIGKILL');
        await nodes[0].stop();
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
    ),
  );

  it(
    'hear at once, if they come late, that nobody has got what they had sent',
    withCluster({ args: ['-t', '3s'] }, async ({ redis, nodes, name, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const absent = name('absent-');
      a.signal('OFFER', absent, 1);
      await a.fence();
      const sent = performance.now();
      await nodes[0].stop();
      const time = Number(cli(redis, 'pttl', cli(redis, 'keys', '*:wills:*').trim()));
      assert.ok(time > 0 && time <= 60_000, `what it has left is kept for ${time} ms`);
      await new Promise((resolve) => setTimeout(resolve, sent + 3200 - performance.now()));
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      const back = performance.now();
      await again.expect(relayed('EXPIRE', absent, a.id));
      const took = performance.now() - back;
      assert.ok(took < 1000, `told after ${took} ms`);
    }),
  );

  it(
    'find what two nodes had for them that both have stopped',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ redis, nodes, name, peer, socket }) => {
      const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[2] });
      nodes[0].child.kill('SIGSTOP'); // so that it is late with what it has
      const between = socket({ server: nodes[1], id: a.id, ...PAGE });
      await between.expect(OPEN);
      const absent = name('late-');
      between.signal('OFFER', absent, 'from between');
      await between.fence();
      await nodes[1].stop();
      const [wills] = cli(redis, 'keys', '*wills*').trim().split('\n');
      assert.equal(cli(redis, 'llen', wills).trim(), '1');
      nodes[0].child.kill('SIGCONT');
      await until(() => cli(redis, 'llen', wills).trim() === '2', 'what the first node had');
      const again = socket({ server: nodes[2], id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      const late = await peer(absent, { server: nodes[2] });
      await late.expect(relayed('OFFER', a.id, late.id, '"from between"'));
    }),
  );

  it(
    'hear of what they had sent to a node that did not answer any more',
    withCluster(
      { count: 3, args: ['-t', '60s', '--drain_timeout', '500ms'] },
      async ({ nodes, peer, socket }) => {
        const a = await peer('a-', { server: nodes[0], ...PAGE });
        const x = await peer('x-', { server: nodes[2] });
        nodes[2].child.kill('SIGSTOP');
        try {
          a.signal('OFFER', x.id, 1);
          await a.fence();
          const stopped = nodes[0].stop();
          assert.equal((await a.expectClosed()).code, 1012);
          const again = socket({ server: nodes[1], id: a.id, ...PAGE });
          await again.expect(OPEN);
          await again.expect(relayed('EXPIRE', x.id, a.id));
          await stopped;
        } finally {
          nodes[2].child.kill('SIGCONT');
        }
      },
    ),
  );

  it(
    'keep what they have even if they are elsewhere before Redis knows that they are gone',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: far, ...PAGE });
      const b = await peer('b-', { server: near, ...PAGE });
      await partners(a, b);
      proxy.delay = 75; // so that there and back is well within the 0.5 s for which it is waited
      const stopped = far.stop();
      await a.expectClosed();
      const again = socket({ server: near, id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await stopped;
    }),
  );
});
