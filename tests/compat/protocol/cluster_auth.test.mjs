// Signed tokens, and a service that is asked who may connect, where several nodes are one server.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startBackend } from '../support/backend.mjs';
import {
  clusterSuite,
  delivered,
  lostWithAMessage,
  PAGE,
  startNode,
  withCluster,
} from '../support/cluster.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { errorText, ID_TAKEN, OPEN, partners, relayed, until } from '../support/wire.mjs';

const args = ['--auth_secret', SECRET, '--auth_leeway', '0'];
const now = () => Math.floor(Date.now() / 1000);

clusterSuite('Cluster with signed tokens', { count: 2, args }, (test) => {
  const join = async ({ peer, name }, prefix, server, claims = {}) => {
    const id = name(prefix);
    return peer(id, { server, token: await sign(id, claims), origin: 'http://app.test' });
  };

  test('a fresh token of the same subject resumes on another node, with its own rights', async (scope) => {
    const { nodes, socket } = scope;
    const b = await join(scope, 'b-', nodes[0]);
    const c = await join(scope, 'c-', nodes[0]);
    const a = await join(scope, 'a-', nodes[0]);
    await partners(a, b);
    const token = await sign(a.id, { jti: 'fresh', peerjs: { may: ['call'] } });
    const again = socket({ server: nodes[1], id: a.id, token });
    await again.expect(OPEN);
    assert.equal((await a.expectClosed()).code, 4000);
    c.signal('OFFER', a.id, 1);
    await c.expect(relayed('EXPIRE', a.id, c.id));
    b.signal('CANDIDATE', a.id, 2);
    await again.expect(relayed('CANDIDATE', b.id, a.id, '2'));
    const other = await sign('other', { peerjs: { id: a.id } });
    await socket({ server: nodes[0], id: a.id, token: other }).expect(ID_TAKEN);
    await again.fence();
  });

  test('who may not be called hears nothing of those who have tried, not even that they left', async (scope) => {
    const { nodes } = scope;
    const a = await join(scope, 'a-', nodes[0], { peerjs: { may: ['call'] } });
    const x = await join(scope, 'x-', nodes[1]);
    const c = await join(scope, 'c-', nodes[1]);
    const before = await delivered(nodes[1]);
    x.signal('OFFER', a.id, 1);
    await x.expect(relayed('EXPIRE', a.id, x.id));
    await until(async () => (await delivered(nodes[1])) > before, 'the receipt');
    await x.close(1001);
    a.signal('OFFER', c.id, 3);
    await c.expect(relayed('OFFER', a.id, c.id, '3'));
    c.signal('ANSWER', a.id, 4);
    await a.expect(relayed('ANSWER', c.id, a.id, '4'));
  });

  test('what waited for it is not for who may not be called any more', async (scope) => {
    const { nodes, socket } = scope;
    const a = await join(scope, 'a-', nodes[0]);
    const b = await join(scope, 'b-', nodes[0]);
    a.lose();
    await nodes[0].waitForLog(new RegExp(`disconnected: ${a.id} .*connection lost`));
    b.signal('OFFER', a.id, 'waits');
    await b.fence();
    const token = await sign(a.id, { peerjs: { may: ['call'] } });
    const again = socket({ server: nodes[1], id: a.id, token });
    await again.expect(OPEN);
    await again.fence();
    await b.expect(relayed('EXPIRE', a.id, b.id));
  });

  test('the expiry of the last token counts, on the node where the peer is', async (scope) => {
    const { nodes, socket } = scope;
    const a = await join(scope, 'a-', nodes[0], { exp: now() + 2 });
    const token = await sign(a.id, { exp: now() + 5 });
    const again = socket({ server: nodes[1], id: a.id, token });
    await again.expect(OPEN);
    await a.expectClosed();
    assert.deepEqual(await again.expectClosed(), { code: 1008, reason: 'token expired' });
    const fresh = socket({ server: nodes[0], id: a.id, token: await sign(a.id) });
    await fresh.expect(OPEN);
    await fresh.fence();
  });
});

describe('Cluster with a service that is asked who may connect', { concurrency: 2 }, () => {
  const asking = (fn) =>
    withCluster({ count: 0 }, async (cluster) => {
      const backend = await startBackend();
      const asked = (id) => backend.asked.filter(({ json }) => json.id === id);
      const { redis, nodes } = cluster;
      try {
        const own = ['--auth_url', backend.url, '-t', '20s'];
        for (let i = 0; i < 2; i += 1) nodes.push(await startNode(redis.url, own));
        await fn({ ...cluster, backend, asked });
      } finally {
        await backend.stop();
      }
    });

  it(
    'each node asks it, and whom it lets in reach each other',
    asking(async ({ nodes, backend, asked, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0], ...PAGE });
      const b = await peer('b-', { server: nodes[1], ...PAGE });
      const [[first], [second]] = [asked(a.id), asked(b.id)];
      assert.notEqual(first.connection, second.connection);
      await partners(a, b);
      await partners(b, a);
      backend.answer = () => ({ status: 403 });
      for (const server of nodes) {
        await socket({ server, id: 'eve' }).expect(errorText('Unauthorized'));
      }
      await a.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );

  it(
    'who comes to another node is asked about there, and has what waited when it is let in',
    asking(async ({ nodes, backend, asked, peer, socket }) => {
      const { a, b } = await lostWithAMessage(nodes[0], peer, { other: nodes[1] });
      const comes = () => socket({ server: nodes[1], id: a.id, ...PAGE });
      backend.answer = () => ({ status: 403 });
      await comes().expect(errorText('Unauthorized'));
      backend.answer = () => ({ json: { may: ['answer'] } });
      const again = comes();
      await again.expect(OPEN, relayed('CANDIDATE', b.id, a.id, '"meanwhile"'));
      assert.equal(asked(a.id).length, 3);
      const c = await peer('c-', { server: nodes[0] });
      again.signal('OFFER', c.id, 'that it may not');
      await again.expect(relayed('EXPIRE', c.id, a.id));
      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    }),
  );
});
