// Messages of apps' own types where several nodes are one server.

import { PAGE, clusterSuite } from '../support/cluster.mjs';
import { OPEN, relayed } from '../support/wire.mjs';

const args = ['--allow_types', 'CHAT', 'NEWS', '-t', '2s'];


clusterSuite("Cluster with types of apps' own", { count: 2, args }, (test) => {
  test('they reach a peer of another node, in order among the others', async (scope) => {
    const { nodes, peer } = scope;
    const a = await peer('a-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    const types = ['CHAT', 'CANDIDATE', 'NEWS', 'OFFER'];
    const sent = Array.from({ length: 200 }, (_, i) => [types[i % types.length], i]);
    for (const [type, i] of sent) a.signal(type, b.id, i);
    for (const [type, i] of sent) await b.expect(relayed(type, a.id, b.id, String(i)));
    b.send(`{"type":"CHAT","dst":"${a.id}","payload":{ "n" : 1e400 }}`);
    await a.expect(relayed('CHAT', b.id, a.id, '{ "n" : 1e400 }'));
    await a.close(1001);
    await b.expect(relayed('LEAVE', a.id, b.id));
  });

  test('they wait for who comes elsewhere, and expire', async ({ nodes, peer, name, socket }) => {
    const a = await peer('a-', { server: nodes[0] });
    const late = name('late-');
    a.signal('CHAT', late, 1);
    a.signal('NEWS', late, 2);
    await a.fence();
    const b = socket({ server: nodes[1], id: late });
    await b.expect(OPEN, relayed('CHAT', a.id, late, '1'), relayed('NEWS', a.id, late, '2'));
    for (let i = 0; i < 2; i += 1) {
      a.signal('CHAT', 'nobody', i);
      await a.expect(relayed('EXPIRE', 'nobody', a.id));
    }
  });

  test('they go along with a peer that moves', async ({ nodes, peer, name, socket }) => {
    const a = await peer('a-', { server: nodes[0], ...PAGE });
    const b = await peer('b-', { server: nodes[1] });
    const late = name('late-');
    a.signal('CHAT', late, 'to come');
    await a.fence();
    a.lose();
    await nodes[0].waitForLog(new RegExp(`disconnected: ${a.id} .*connection lost`));
    b.signal('CHAT', a.id, 'meanwhile');
    await b.fence();
    const again = socket({ server: nodes[1], id: a.id, ...PAGE });
    await again.expect(OPEN, relayed('CHAT', b.id, a.id, '"meanwhile"'));
    const c = socket({ server: nodes[0], id: late });
    await c.expect(OPEN, relayed('CHAT', a.id, late, '"to come"'));
  });
});
