// Limits where several nodes are one server: what is counted on each of them, and when.

import assert from 'node:assert/strict';
import { bequeath, clusterSuite, metric, PAGE } from '../support/cluster.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { errorText, OPEN, payloadOf, until } from '../support/wire.mjs';

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

  test('so is what comes late from where a peer was', async ({ redis, nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    const filling = 'x'.repeat(60_000);
    const texts = Array.from({ length: 200 }, (_, i) => JSON.stringify([i, filling]));
    bequeath(redis, nodes[0], a, texts);
    for (let i = 0; i < texts.length; i += 1) {
      assert.equal(JSON.parse(await a.next())[0], i);
    }
  });
});

const ADDRESS = '203.0.113.7';
const forTwo = ['--proxied', '--ip_limit', '2', '--auth_secret', SECRET];

clusterSuite('Limits on each node of a cluster', { count: 2, args: forTwo }, (test) => {
  const kinds = {
    'of one address': {
      of: async (id) => ({ token: await sign(id), headers: { 'X-Forwarded-For': ADDRESS } }),
      refused: errorText(`${ADDRESS} has reached its concurrent user limit`),
    },
    'of one owner': {
      of: async () => ({ token: await sign('owner', { peerjs: { id: '*', limit: 2 } }) }),
      refused: errorText('Token has reached its concurrent user limit'),
    },
  };
  for (const [whose, { of, refused }] of Object.entries(kinds)) {
    test(`peers ${whose} count where they are`, async ({ nodes, name, socket }) => {
      const comes = async (server, answer, id = name('p-')) => {
        const made = socket({ server, id, ...PAGE, ...(await of(id)) });
        await made.expect(answer);
        return made;
      };
      const first = await comes(nodes[0], OPEN);
      await comes(nodes[0], OPEN);
      await comes(nodes[0], refused);
      await comes(nodes[1], OPEN);
      await comes(nodes[1], OPEN, first.id);
      await first.expectClosed();
      await comes(nodes[1], refused);
      await comes(nodes[0], OPEN);
      await comes(nodes[0], refused);
    });
  }
});
