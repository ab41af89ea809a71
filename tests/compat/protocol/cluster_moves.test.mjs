// Peers that go from one node of a cluster to another, whatever is under way meanwhile: what they
// have goes along.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PAGE,
  apart,
  delivered,
  handedOver,
  lostWhileSending,
  lostWithAMessage,
  ticked,
  withCluster,
  withProxy,
} from '../support/cluster.mjs';
import { OPEN, RawPeer, errorText, partners, relayed, until } from '../support/wire.mjs';

/** What `q` has sent to `d` is under way to a node that does not answer; behind it waits what `a` sends. */
async function waitingBehind({ nodes, peer }) {
  const a = await peer('a-', { server: nodes[0], ...PAGE });
  const q = await peer('q-', { server: nodes[0], ...PAGE });
  const d = await peer('d-', { server: nodes[2] });
  nodes[2].child.kill('SIGSTOP');
  q.signal('OFFER', d.id, 'on the way');
  await q.fence();
  a.signal('OFFER', d.id, 'behind it');
  await a.fence();
  return { a, q, d };
}

describe('Cluster, peers that move', { concurrency: 3 }, () => {
  it(
    'what a peer had elsewhere comes before the answer that it may have its id, and is not lost',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const { a, b } = await lostWithAMessage(near, peer);
      proxy.answerDelay = 100;
      const again = socket({ server: far, id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'a peer that goes on before what it had has come gets that where it goes',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const { a, b } = await lostWithAMessage(near, peer);
      proxy.answerDelay = 200;
      const passing = socket({ server: far, id: a.id, ...PAGE });
      await until(async () => (await handedOver(near)) === 1, 'the peer to be handed over');
      passing.lose();
      const again = socket({ server: near, id: a.id, ...PAGE });
      await again.expect(OPEN);
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      b.signal('CANDIDATE', a.id, 'here');
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"here"'));
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'of one that ends before what it had has come, whoever has sent that hears',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const { a, b } = await lostWithAMessage(near, peer);
        proxy.answerDelay = 200;
        const passing = new RawPeer(far, { id: a.id });
        await until(async () => (await handedOver(near)) === 1, 'the peer to be handed over');
        passing.reset(); // it is no page, and so does not come back
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
      { args: ['-t', '3s'] },
    ),
  );

  it(
    'of one that ends before what it had has come, as Redis goes, whoever has sent that hears',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const { a, b } = await lostWithAMessage(near, peer);
        const x = await peer('x-', { server: far });
        proxy.holdsAnswers = true;
        const passing = new RawPeer(far, { id: a.id });
        await until(async () => (await handedOver(near)) === 1, 'the peer to be handed over');
        b.signal('OFFER', x.id, 'behind it');
        await x.expect(relayed('OFFER', b.id, x.id, '"behind it"'));
        passing.reset();
        await far.waitForLog(/connection lost/);
        await x.fence(); // it has ended, for it has no time to come back
        proxy.holdsAnswers = false;
        proxy.cut();
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
      { args: ['-t', '3s'], farArgs: ['--leave_grace', '0'] },
    ),
  );

  it(
    'one that is lost before it may have its id, as Redis goes, keeps its partners',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: near, ...PAGE });
      const b = await peer('b-', { server: near, ...PAGE });
      const x = await peer('x-', { server: far });
      await partners(a, b);
      proxy.holdsAnswers = true;
      const passing = new RawPeer(far, { id: a.id });
      await until(async () => (await handedOver(near)) === 1, 'the peer to be handed over');
      b.signal('OFFER', x.id, 'behind it');
      await x.expect(relayed('OFFER', b.id, x.id, '"behind it"'));
      passing.reset();
      await far.waitForLog(/connection lost/);
      await apart({ proxy, far }, async () => {
        proxy.holdsAnswers = false;
        const again = socket({ server: far, id: a.id, ...PAGE });
        await again.expect(OPEN);
        await again.close(1001);
      });
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'one that comes back where it was, and is refused as Redis goes, finds elsewhere what it had',
    withProxy(
      async ({ proxy, nodes, near, far, peer, socket }) => {
        const x = await peer('x-', { server: nodes[1] });
        const a = await peer('a-', { server: far, ...PAGE });
        const b = await peer('b-', { server: far, ...PAGE });
        await lostWhileSending({ server: far, silent: nodes[1], a, b, x });
        const between = socket({ server: near, id: a.id, ...PAGE });
        await until(async () => (await handedOver(far)) === 1, 'the peer to be handed over');
        proxy.holdsAnswers = true;
        const again = socket({ server: far, id: a.id, ...PAGE });
        await again.upgraded;
        await ticked(far); // it is the one now to whom all that belongs
        await apart({ proxy, far }, async () => {
          proxy.holdsAnswers = false;
          await again.expect(errorText('The server cannot reach its cluster, try again later'));
        });
        await between.expectClosed();
        const elsewhere = socket({ server: near, id: a.id, ...PAGE });
        await elsewhere.expect(OPEN);
        await elsewhere.expect(relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      },
      { count: 2, args: ['--cluster_down', 'refuse'] },
    ),
  );

  it(
    'what a peer has sent to one who is not there yet goes before what it sends from elsewhere',
    withCluster({ args: ['-t', '20s'] }, async ({ nodes, name, peer, page, socket }) => {
      const a = await page('a-', { server: nodes[0] });
      const absent = name('late-');
      a.signal('OFFER', absent, 'before');
      await a.fence();
      const again = socket({ server: nodes[1], id: a.id, token: a.token, ...PAGE });
      await again.expect(OPEN);
      again.signal('CANDIDATE', absent, 'after');
      await again.fence();
      const late = await peer(absent, { server: nodes[1] });
      await late.expect(relayed('OFFER', a.id, late.id, '"before"'));
      await late.expect(relayed('CANDIDATE', a.id, late.id, '"after"'));
    }),
  );

  it(
    'what comes back after its sender has moved expires where that is',
    withCluster({ count: 3, args: ['-t', '3s'] }, async ({ nodes, peer, socket }) => {
      const { a, q, d } = await waitingBehind({ nodes, peer });
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      nodes[2].child.kill('SIGKILL');
      await q.expect(relayed('EXPIRE', d.id, q.id));
      await again.expect(relayed('EXPIRE', d.id, a.id));
    }),
  );

  it(
    'what comes back after its sender has moved, and is back, expires there',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const d = await peer('d-', { server: nodes[2] });
      nodes[2].child.kill('SIGSTOP');
      a.signal('OFFER', d.id, 'on the way');
      await a.fence();
      for (const server of [nodes[1], nodes[0]]) {
        a.socket = socket({ server, id: a.id, ...PAGE });
        await a.socket.expect(OPEN);
      }
      nodes[2].child.kill('SIGKILL');
      await a.socket.expect(relayed('EXPIRE', d.id, a.id));
    }),
  );

  it(
    'what waits behind that of others goes along, and before what is sent from elsewhere',
    withCluster({ count: 3, args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const { a, q, d } = await waitingBehind({ nodes, peer });
      const again = socket({ server: nodes[1], id: a.id, ...PAGE });
      await again.expect(OPEN);
      again.signal('CANDIDATE', d.id, 'from there');
      await again.fence();
      nodes[2].child.kill('SIGCONT');
      await d.expect(relayed('OFFER', q.id, d.id, '"on the way"'));
      await d.expect(relayed('OFFER', a.id, d.id, '"behind it"'));
      await d.expect(relayed('CANDIDATE', a.id, d.id, '"from there"'));
    }),
  );

  it(
    'what waits for one who is lost again when it arrives, waits no longer than it would have',
    withCluster({ args: ['-t', '5s'] }, async ({ nodes, name, peer }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const absent = name('late-');
      const sent = performance.now();
      a.signal('OFFER', absent, 1);
      await a.fence();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      nodes[0].child.kill('SIGSTOP');
      const late = await peer(absent, { server: nodes[1], ...PAGE });
      late.lose();
      await nodes[1].waitForLog(/connection lost/);
      nodes[0].child.kill('SIGCONT');
      await a.expect(relayed('EXPIRE', absent, a.id));
      const took = performance.now() - sent;
      assert.ok(took > 5000 && took < 6000, `told after ${took} ms`);
      assert.equal(await delivered(nodes[0]), 1);
    }),
  );

  it(
    'what follows a message of its own that comes back does so in order',
    withProxy(async ({ proxy, near, far, name, peer, socket }) => {
      const a = await peer('a-', { server: far, ...PAGE });
      const absent = name('late-');
      proxy.answerDelay = 100; // so that the one is under way when the other comes
      a.signal('OFFER', absent, 'first');
      await a.fence();
      a.signal('CANDIDATE', absent, 'second');
      await a.fence();
      await socket({ server: near, id: a.id, ...PAGE }).expect(OPEN);
      const late = await peer(absent, { server: near });
      await late.expect(relayed('OFFER', a.id, absent, '"first"'));
      await late.expect(relayed('CANDIDATE', a.id, absent, '"second"'));
    }),
  );

  it(
    'one that moves while it is not known whether it has got a message does not get it twice',
    withProxy(
      async ({ proxy, near, far, nodes, peer, socket }) => {
        const a = await peer('a-', { server: far });
        const b = await peer('b-', { server: near, ...PAGE });
        proxy.holdsMessages = true;
        a.signal('OFFER', b.id, 'once');
        await b.expect(relayed('OFFER', a.id, b.id, '"once"'));
        await peer('c-', { server: far }); // so that Redis has said to which node it went
        const again = socket({ server: nodes[1], id: b.id, ...PAGE });
        await apart({ proxy, far }, async () => {
          proxy.holdsMessages = false;
          await again.expect(OPEN);
        });
        await a.expect(relayed('EXPIRE', b.id, a.id));
        a.signal('OFFER', b.id, 'twice');
        await again.expect(relayed('OFFER', a.id, b.id, '"twice"'));
      },
      { count: 2 },
    ),
  );

  it(
    'one whose loss is found out late keeps the connection that it has elsewhere',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const old = await peer('a-', { server: far, ...PAGE });
      const b = await peer('b-', { server: near, ...PAGE });
      await partners(old, b);
      let again;
      await apart({ proxy, far }, async () => {
        again = socket({ server: near, id: old.id, ...PAGE });
        await again.expect(OPEN);
        await new Promise((resolve) => setTimeout(resolve, 50)); // by the clock, it is later then
        old.lose();
        await far.waitForLog(/connection lost/);
      });
      await until(async () => (await handedOver(far)) === 1, 'the node to let go of it');
      b.signal('CANDIDATE', again.id, 1);
      await again.expect(relayed('CANDIDATE', b.id, again.id, '1'));
      await again.close(1001);
      await b.expect(relayed('LEAVE', again.id, b.id));
    }),
  );
});

describe('Cluster, partners of a peer that leaves', { concurrency: 3 }, () => {
  it(
    'hear of it when they are back, if they were lost at that moment',
    withCluster({}, async ({ nodes, peer, socket }) => {
      const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[1] });
      const before = await delivered(nodes[1]);
      await b.close(1001);
      await until(async () => (await delivered(nodes[1])) > before, 'the LEAVE to be delivered');
      const again = socket({ server: nodes[0], id: a.id, ...PAGE });
      await again.expect(OPEN);
      const told = [await again.next(), await again.next()].sort();
      assert.deepEqual(told, [
        relayed('CANDIDATE', b.id, a.id, '"meanwhile"'),
        relayed('LEAVE', b.id, a.id),
      ]);
    }),
  );

  it(
    'hear of it, whatever of the same peer has expired before',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const a = await peer('a-', { server: far });
        const b = await peer('b-', { server: near });
        await partners(a, b);
        await apart({ proxy, far }, async () => {
          a.signal('CANDIDATE', b.id, 1);
          await a.expect(relayed('EXPIRE', b.id, a.id));
          await a.close(1001);
          await far.waitForLog(/Client disconnected: a-/);
        });
        await b.expect(relayed('LEAVE', a.id, b.id));
      },
      { args: ['-t', '3s'] },
    ),
  );

  it(
    'hear of it when Redis is back, if it was away',
    withProxy(async ({ proxy, near, far, peer }) => {
      const a = await peer('a-', { server: far, ...PAGE });
      const b = await peer('b-', { server: near, ...PAGE });
      await partners(a, b);
      await apart({ proxy, far }, () => a.close(1001));
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'do not if it was away for longer than a message waits',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const a = await peer('a-', { server: far, ...PAGE });
        const b = await peer('b-', { server: near, ...PAGE });
        const c = await peer('c-', { server: far });
        await partners(a, b);
        await apart({ proxy, far }, async () => {
          await a.close(1001);
          c.signal('OFFER', b.id, 'after it');
          await c.expect(relayed('EXPIRE', b.id, c.id));
        });
        c.signal('OFFER', b.id, 'Redis is back');
        await b.expect(relayed('OFFER', c.id, b.id, '"Redis is back"'));
        await b.fence();
      },
      { args: ['-t', '1s'] },
    ),
  );
});

describe('Cluster, who has sent something to a page that is lost', { concurrency: 2 }, () => {
  /** Its time ends while Redis is away, which it is until `meanwhile` is over. */
  const whileAway = (meanwhile, afterwards) =>
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const { a, b } = await lostWithAMessage(far, peer, { other: near });
        const c = await peer('c-', { server: far });
        await apart({ proxy, far }, async () => {
          c.signal('OFFER', a.id, 'after it');
          await c.expect(relayed('EXPIRE', a.id, c.id));
          await meanwhile({ b, c });
        });
        c.signal('OFFER', b.id, 'Redis is back');
        await afterwards({ a, b });
        await b.expect(relayed('OFFER', c.id, b.id, '"Redis is back"'));
      },
      { args: ['-t', '3s', '--drain_timeout', '100ms'] },
    );

  it(
    'hears that it has expired when Redis is back',
    whileAway(
      () => {},
      ({ a, b }) => b.expect(relayed('EXPIRE', a.id, b.id)),
    ),
  );

  it(
    'does not hear it if Redis was away for longer than a message waits',
    whileAway(
      async ({ b, c }) => {
        c.signal('OFFER', b.id, 'after that');
        await c.expect(relayed('EXPIRE', b.id, c.id));
      },
      () => {},
    ),
  );
});
