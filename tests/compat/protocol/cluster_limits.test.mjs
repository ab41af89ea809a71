// Limits where several nodes are one server: what is counted on each of them, and when.

import assert from 'node:assert/strict';
import { clusterSuite, metric } from '../support/cluster.mjs';
import { OPEN, payloadOf, until } from '../support/wire.mjs';

const args = [
  ...['--send_queue_bytes', '64KiB', '--message_rate', '0', '-t', '30s'],
  ...['--outstanding_per_destination', '16MiB', '--outstanding_per_sender', '16MiB'],
];

const waiting = (node) => metric(node, 'peerjsd_cluster_messages_total', '{result="absent"}');

clusterSuite('Limits in a cluster', { count: 2, args }, (test) => {
  test('what has waited is given out, however much it is', async (scope) => {
    const { nodes, peer, name, socket } = scope;
    const a = await peer('a-', { server: nodes[0] });
    const late = name('late-');
    const filling = 'x'.repeat(60_000);
    const count = 200;
    a.signal('CANDIDATE', late, [0, filling]);
    await until(() => waiting(nodes[0]), 'the first to wait here');
    for (let i = 1; i < count; i += 1) a.signal('CANDIDATE', late, [i, filling]);
    await a.fence();
    const b = socket({ server: nodes[0], id: late });
    await b.expect(OPEN);
    for (let i = 0; i < count; i += 1) {
      assert.equal(payloadOf(await b.next())[0], i);
    }
  });
});
