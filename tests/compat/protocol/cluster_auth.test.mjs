// Signed tokens where several nodes are one server.

import assert from 'node:assert/strict';
import { clusterSuite } from '../support/cluster.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { ID_TAKEN, OPEN, partners, relayed } from '../support/wire.mjs';

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
