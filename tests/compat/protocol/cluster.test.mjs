// Several nodes joined by a Redis are one server.

import assert from 'node:assert/strict';
import { clusterSuite } from '../support/cluster.mjs';
import { ID_TAKEN, OPEN, partners, payloadOf, relayed, within } from '../support/wire.mjs';

clusterSuite('Cluster', { count: 3 }, (test) => {
  test('a call passes between nodes, in both directions', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    a.signal('OFFER', b.id, { sdp: 'x', type: 'media' });
    await b.expect(relayed('OFFER', a.id, b.id, '{"sdp":"x","type":"media"}'));
    b.signal('ANSWER', a.id, 1);
    await a.expect(relayed('ANSWER', b.id, a.id, '1'));
    a.signal('CANDIDATE', b.id, 2);
    b.signal('CANDIDATE', a.id, 3);
    await b.expect(relayed('CANDIDATE', a.id, b.id, '2'));
    await a.expect(relayed('CANDIDATE', b.id, a.id, '3'));
  });

  test('each message arrives once, in order', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    for (let i = 0; i < 1000; i += 1) a.signal('CANDIDATE', b.id, i);
    for (let i = 0; i < 1000; i += 1) assert.equal(payloadOf(await b.next()), i);
    await b.fence();
  });

  test('ids and payloads of any characters pass', async ({ nodes, peer, name }) => {
    const a = await peer(name('5:\u00e4 "{}%0'), { server: nodes[0] });
    const b = await peer(name('\u{1f600}\\:7'), { server: nodes[1] });
    a.signal('OFFER', b.id, { text: '\u0000\u2028\ud83d\ude00 12:abc' });
    const got = JSON.parse(await b.next());
    assert.deepEqual(got, {
      type: 'OFFER',
      src: a.id,
      dst: b.id,
      payload: { text: '\u0000\u2028\ud83d\ude00 12:abc' },
    });
  });

  test('a message of two million bytes passes', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    const payload = 'x'.repeat(2_000_000);
    a.signal('OFFER', b.id, payload);
    assert.equal(payloadOf(await b.next()), payload);
  });

  test('an id is unique on all nodes', async ({ nodes, peer, socket }) => {
    const a = await peer('a-', { server: nodes[0], token: 'mine' });
    const other = socket({ server: nodes[1], id: a.id, token: 'theirs' });
    await other.expect(ID_TAKEN);
    await other.expectClosed();
    await a.fence();
  });

  test('of many who want an id at the same moment one gets it', async ({ nodes, name, socket }) => {
    const id = name('wanted-');
    const all = Array.from({ length: 30 }, (_, i) =>
      socket({ server: nodes[i % 3], id, token: `token${i}` }),
    );
    const answers = await Promise.all(all.map((each) => each.next()));
    assert.equal(answers.filter((answer) => answer === OPEN).length, 1);
    assert.equal(answers.filter((answer) => answer === ID_TAKEN).length, 29);
  });

  test('an id is free on all nodes when its peer has gone', async ({ nodes, peer, claim }) => {
    const a = await peer('a-', { server: nodes[0], token: 'mine' });
    await a.close(1000);
    await claim(a.id, { server: nodes[1], token: 'theirs' });
  });

  test('keys are apart', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    a.signal('OFFER', 'a-', 1);
    await a.fence();
  });

  test('what waits for an absent peer goes where it arrives', async ({ nodes, peer, name }) => {
    const id = name('late-');
    const a = await peer('a-', { server: nodes[0] });
    const c = await peer('c-', { server: nodes[2] });
    for (let i = 0; i < 10; i += 1) {
      a.signal('CANDIDATE', id, i);
      c.signal('CANDIDATE', id, i);
    }
    await a.fence();
    const late = await peer(id, { server: nodes[1] });
    const next = { [a.id]: 0, [c.id]: 0 };
    for (let i = 0; i < 20; i += 1) {
      const { src, payload } = JSON.parse(await late.next());
      assert.equal(payload, next[src]);
      next[src] += 1;
    }
    await late.fence();
  });

  test('the same id and token on another node is a resume', async ({ nodes, page, socket }) => {
    const a = await page('a-', { server: nodes[0] });
    const b = await page('b-', { server: nodes[1] });
    const c = await page('c-', { server: nodes[0] });
    await partners(a, b);
    await partners(c, a);
    const again = socket({ server: nodes[2], id: a.id, origin: 'http://app.test' });
    await again.expect(OPEN);
    assert.equal((await a.expectClosed()).reason, 'resumed elsewhere');
    b.signal('CANDIDATE', a.id, 1);
    await again.expect(relayed('CANDIDATE', b.id, a.id, '1'));
    await b.fence(); // no LEAVE
    await c.fence();
  });

  test('a peer that moved takes its partners along', async ({ nodes, page, socket }) => {
    const a = await page('a-', { server: nodes[0] });
    const here = await page('h-', { server: nodes[0] });
    const there = await page('t-', { server: nodes[1] });
    const third = await page('c-', { server: nodes[2] });
    for (const other of [here, there, third]) await partners(a, other);
    const again = socket({ server: nodes[1], id: a.id, origin: 'http://app.test' });
    await again.expect(OPEN);
    await again.close(1001);
    for (const other of [here, there, third]) await other.expect(relayed('LEAVE', a.id, other.id));
    for (const other of [here, there, third]) await other.fence();
  });

  test('LEAVE and EXPIRE pass between nodes', async ({ nodes, page }) => {
    const a = await page('a-', { server: nodes[0] });
    const b = await page('b-', { server: nodes[1] });
    await partners(a, b);
    await a.close(1001);
    await b.expect(relayed('LEAVE', a.id, b.id));
    await b.fence();
  });

  test('a LEAVE of a peer parts it from its partner', async ({ nodes, page }) => {
    const a = await page('a-', { server: nodes[0] });
    const b = await page('b-', { server: nodes[1] });
    await partners(a, b);
    a.signal('LEAVE', b.id);
    await b.expect(relayed('LEAVE', a.id, b.id));
    await a.fence();
    await a.close(1001);
    const c = await page('c-', { server: nodes[0] }); // after the end of a
    await partners(c, b);
    await b.fence();
  });
});

clusterSuite('Cluster, quick to expire', { count: 2, args: ['-t', '300'] }, (test) => {
  test('one who calls an absent peer is told so once', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    a.signal('OFFER', 'nobody', 1);
    a.signal('CANDIDATE', 'nobody', 2);
    await a.expect('{"type":"EXPIRE","src":"nobody","dst":' + JSON.stringify(a.id) + '}');
    a.signal('CANDIDATE', 'nobody', 3);
    await a.fence();
  });

  test('what has expired does not arrive', async ({ nodes, peer, name }) => {
    const id = name('late-');
    const a = await peer('a-', { server: nodes[0] });
    a.signal('OFFER', id, 1);
    await a.expect(relayed('EXPIRE', id, a.id));
    const late = await peer(id, { server: nodes[1] });
    await late.fence();
    a.signal('OFFER', id, 2);
    await late.expect(relayed('OFFER', a.id, id, '2'));
  });
});
