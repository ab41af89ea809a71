// Who has an id in a cluster while several connections, or several nodes, are about it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAGE, handedOver, lostWhileSending, withCluster, withProxy } from '../support/cluster.mjs';
import { ID_TAKEN, OPEN, partners, RawPeer, relayed, until, within } from '../support/wire.mjs';


describe('Cluster, who has an id', { concurrency: 3 }, () => {
  it(
    'one that comes back before what it had has followed it, keeps its id',
    withCluster({ count: 3 }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      const x = await peer('x-', { server: nodes[2], ...PAGE });
      await partners(a, b);
      nodes[2].child.kill('SIGSTOP');
      a.signal('OFFER', x.id, 'on the way'); // for which what a has waits a little
      await a.fence();
      const away = socket({ server: nodes[1], id: a.id, ...PAGE });
      await until(async () => (await handedOver(nodes[0])) === 1, 'the peer to be handed over');
      const again = socket({ server: nodes[0], id: a.id, ...PAGE });
      await again.expect(OPEN);
      nodes[2].child.kill('SIGCONT');
      await x.expect(relayed('OFFER', a.id, x.id, '"on the way"'));
      away.lose();
      b.signal('CANDIDATE', a.id, 'here');
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"here"'));
      const other = socket({ server: nodes[1], id: a.id, token: 'another', ...PAGE });
      await other.expect(ID_TAKEN);
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'one that comes back to a node that has not opened it yet, after it has been elsewhere, stays',
    withCluster({ count: 3 }, async ({ nodes, peer, socket }) => {
      const b = await peer('b-', { server: nodes[1] });
      const a = await peer('a-', { server: nodes[2], ...PAGE });
      await partners(a, b);
      nodes[2].child.kill('SIGSTOP'); // what a has there is waited for
      const come = async (server) => {
        const made = socket({ server, id: a.id, ...PAGE });
        await made.upgraded;
        await peer('c-', { server }); // Redis has answered both
        return made;
      };
      await come(nodes[0]);
      const elsewhere = await come(nodes[1]);
      const again = await come(nodes[0]);
      assert.equal((await within(elsewhere.closed, 'its end')).code, 4000);
      await again.expect(OPEN);
      b.signal('CANDIDATE', a.id, 'here');
      await again.expect(relayed('CANDIDATE', b.id, a.id, '"here"'));
      await again.fence();
    }),
  );

  it(
    'who has been replaced before it had its id, is closed in order at once',
    withProxy(async ({ proxy, far, name, socket }) => {
      proxy.answerDelay = 300;
      const id = name('a-');
      const one = socket({ server: far, id });
      await one.upgraded;
      const two = socket({ server: far, id });
      const { code } = await within(one.closed, 'the close, which is not that of a timeout', 3_000);
      assert.equal(code, 4000);
      await two.expect(OPEN);
      await two.fence();
    }),
  );

  it(
    'misses nothing that is sent just as it comes',
    withProxy(async ({ proxy, near, far, name, peer, socket }) => {
      const a = await peer('a-', { server: far });
      proxy.answerDelay = 20; // when a's node hears that somebody is absent he may be there
      for (let i = 0; i < 100; i += 1) {
        const id = name('coming-');
        a.signal('OFFER', id, 1);
        const coming = socket({ server: near, id });
        await coming.expect(OPEN);
        await coming.expect(relayed('OFFER', a.id, id, '1'));
      }
      await a.fence(); // no EXPIRE has come
    }),
  );

  it(
    'misses nothing that is sent while its node has no answer yet',
    withProxy(async ({ proxy, near, far, name, peer, socket }) => {
      const a = await peer('a-', { server: near });
      proxy.answerDelay = 20; // it has its id in Redis before its node knows
      for (let i = 0; i < 50; i += 1) {
        const id = name('coming-');
        a.signal('OFFER', id, 1);
        const coming = socket({ server: far, id });
        await coming.upgraded;
        a.signal('CANDIDATE', id, 2);
        await coming.expect(OPEN);
        a.signal('CANDIDATE', id, 3);
        await coming.expect(relayed('OFFER', a.id, id, '1'));
        for (const text of ['2', '3']) await coming.expect(relayed('CANDIDATE', a.id, id, text));
      }
      await a.fence(); // no EXPIRE has come
    }),
  );

  it(
    'is not told that it is taken because another asks for it just then',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: near, ...PAGE });
      proxy.answerDelay = 200;
      const other = socket({ server: far, id: a.id, token: 'another', ...PAGE });
      await other.upgraded;
      const again = socket({ server: far, id: a.id, ...PAGE });
      await other.expect(ID_TAKEN);
      await again.expect(OPEN);
    }),
  );

  it(
    'is the sender of what comes from it, even if another asks for it just then',
    withProxy(async ({ proxy, near, far, peer, socket }) => {
      const a = await peer('a-', { server: near, ...PAGE });
      const b = await peer('b-', { server: far, ...PAGE });
      proxy.answerDelay = 200;
      const other = socket({ server: far, id: a.id, token: 'another', ...PAGE });
      await other.upgraded;
      await partners(a, b);
      await other.expect(ID_TAKEN);
      await b.close(1001);
      await a.expect(relayed('LEAVE', b.id, a.id));
    }),
  );

  it(
    'of one that ends when it has its id but not yet what it had, whoever has sent that hears',
    withCluster({ count: 3, args: ['-t', '3s'] }, async ({ nodes, peer, socket }) => {
      const x = await peer('x-', { server: nodes[2] });
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[0], ...PAGE });
      await lostWhileSending({ server: nodes[0], silent: nodes[2], a, b, x });
      socket({ server: nodes[1], id: a.id, ...PAGE });
      await until(async () => (await handedOver(nodes[0])) === 1, 'the peer to be handed over');
      nodes[1].child.kill('SIGSTOP'); // which does not say what a has there
      const again = new RawPeer(nodes[0], { id: a.id });
      await peer('c-', { server: nodes[0] }); // Redis has answered both
      again.reset();
      await b.expect(relayed('EXPIRE', a.id, b.id));
    }),
  );

  it(
    'gets what is for it in order, even if the node where it was does not answer any more',
    withCluster({ args: ['-t', '20s'] }, async ({ nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      nodes[1].child.kill('SIGSTOP');
      a.signal('OFFER', b.id, 'on the way');
      await a.fence();
      await peer('c-', { server: nodes[0] }); // Redis has it
      a.signal('CANDIDATE', b.id, 'behind it');
      await a.fence();
      const again = socket({ server: nodes[0], id: b.id, ...PAGE });
      await again.expect(OPEN);
      a.signal('CANDIDATE', b.id, 'later');
      await again.expect(relayed('CANDIDATE', a.id, b.id, '"behind it"'));
      await again.expect(relayed('CANDIDATE', a.id, b.id, '"later"'));
    }),
  );
});
