// Clients of PeerJS 0.3.x, on XHR streams, in a cluster.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterSuite, metric, withProxy } from '../support/cluster.mjs';
import { post } from '../support/stream.mjs';
import { errorText, ID_TAKEN, OPEN, relayed, within } from '../support/wire.mjs';

clusterSuite('Streams on the nodes of a cluster', { count: 2, args: ['-t', '20s'] }, (test) => {
  test('talk with peers of another node, both ways', async ({ nodes, peer, stream }) => {
    const a = await stream('old-', { server: nodes[0] });
    const b = await peer('new-', { server: nodes[1] });
    const c = await stream('old-', { server: nodes[1] });
    for (const [from, to] of [[a, b], [b, a], [a, c], [c, a]]) {
      await from.signal('CANDIDATE', to.id, `from ${from.id}`);
      await to.expect(relayed('CANDIDATE', from.id, to.id, `"from ${from.id}"`));
    }
    await a.signal('OFFER', 'absent', 1);
    for (const each of [a, b, c]) await each.fence();
  });

  test('have their ids for themselves', async ({ nodes, stream, streaming, socket }) => {
    const a = await stream('old-', { server: nodes[0], token: 'mine' });
    const other = streaming({ server: nodes[1], id: a.id, token: 'theirs' });
    await within(other.ended, 'the end of the other stream');
    assert.equal(other.chunks.join('').trimEnd(), errorText('ID is taken'));
    await socket({ server: nodes[1], id: a.id, token: 'theirs' }).expect(ID_TAKEN);
    await a.fence();
  });

  test('are where they were asked for last, and have what came', async (scope) => {
    const { nodes, peer, stream, streaming } = scope;
    const a = await stream('old-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[0] });
    b.signal('CANDIDATE', a.id, 1);
    await a.expect(relayed('CANDIDATE', b.id, a.id, '1'));
    const again = streaming({ server: nodes[1], id: a.id });
    await again.open();
    await a.expectEnded();
    b.signal('CANDIDATE', a.id, 2);
    await again.expect(relayed('CANDIDATE', b.id, a.id, '2'));
    const { status } = await post(nodes[0], { id: a.id, verb: 'candidate' }, { dst: b.id });
    assert.equal(status, 401, 'messages have to come to the node of the stream');
    await again.fence();
    await b.fence(); // no LEAVE
  });

  test('renewed on another node, which does not know them, are opened there', async (scope) => {
    const { nodes, peer, renew, stream } = scope;
    const a = await stream('old-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    const renewed = await renew(a, { server: nodes[1] });
    await renewed.expect(OPEN);
    await a.expectEnded();
    b.signal('CANDIDATE', a.id, 1);
    await renewed.expect(relayed('CANDIDATE', b.id, a.id, '1'));
    await renewed.fence();
  });

  test('yield to a WebSocket on another node, with all that waits', async (scope) => {
    const { nodes, page, peer, stream } = scope;
    const a = await stream('old-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[0] });
    for (let i = 0; i < 50; i += 1) b.signal('CANDIDATE', a.id, i); // in four seconds
    await b.fence();
    const socket = await page(a.id, { server: nodes[1] });
    const got = (await a.rest()).map((text) => JSON.parse(text).payload);
    assert.ok(got.length < 50, 'what has not been sent yet goes along');
    while (got.length < 50) got.push(JSON.parse(await socket.next()).payload);
    assert.deepEqual(got, [...Array(50).keys()]);
    await socket.fence();
    await b.fence();
  });
});

describe('Streams on a node whose Redis is slow', { concurrency: 2 }, () => {
  it(
    'what they post before their id is theirs is taken when it is',
    withProxy(async ({ proxy, near, far, name, peer, streaming }) => {
      const b = await peer('b-', { server: near });
      proxy.answerDelay = 400;
      const a = streaming({ server: far, id: name('old-') });
      const posted = a.signal('OFFER', b.id, 'early');
      await a.open();
      await posted;
      await b.expect(relayed('OFFER', a.id, b.id, '"early"'));
      await a.fence();
      const early = await metric(far, 'peerjsd_messages_total', '{result="early"}');
      assert.ok(early > 0, 'it came too late to be early');
    }),
  );

  it(
    'they are told that their id is taken',
    withProxy(async ({ proxy, near, far, peer, streaming }) => {
      const b = await peer('b-', { server: near, token: 'mine' });
      proxy.answerDelay = 400;
      const a = streaming({ server: far, id: b.id, token: 'theirs' });
      await within(a.ended, 'the end of the stream');
      assert.equal(a.chunks.join('').trimEnd(), errorText('ID is taken'));
      await b.fence();
    }),
  );
});
