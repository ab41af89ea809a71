// Several nodes joined by a Redis are one server.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { bequeath, cli, clusterSuite, metric, nameOf } from '../support/cluster.mjs';
import {
  ID_TAKEN,
  errorText,
  listed,
  OPEN,
  partners,
  payloadOf,
  relayed,
  request,
  talk,
  unregistered,
  until,
} from '../support/wire.mjs';

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

  test('what is sent at once goes together', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    const b = await peer('b-', { server: nodes[1] });
    const commands = () => metric(nodes[0], 'peerjsd_cluster_commands_total');
    const before = await commands();
    for (let i = 0; i < 1000; i += 1) a.signal('CANDIDATE', b.id, i);
    for (let i = 0; i < 1000; i += 1) assert.equal(payloadOf(await b.next()), i);
    const asked = (await commands()) - before;
    assert.ok(asked < 250, `${asked} commands for 1000 messages, and for the lease`);
  });

  test('a node does all of it on one thread', ({ nodes }) => {
    for (const node of nodes) assert.equal(readdirSync(`/proc/${node.pid}/task`).length, 1);
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

  test('what a peer had elsewhere is for its token only', async ({ redis, nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    assert.equal(bequeath(redis, nodes[0], { ...a, token: 'another' }, ['{"for":"another"}']), 1);
    bequeath(redis, nodes[0], a, ['{"for":"it"}']);
    await a.expect('{"for":"it"}');
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

  test('of many with the same token one stays', async ({ redis, nodes, name, peer, socket }) => {
    const id = name('same-');
    const all = Array.from({ length: 30 }, (_, i) =>
      socket({ server: nodes[i % 3], id, token: 'one' }),
    );
    const left = () => all.filter((each) => !each.end);
    await until(() => left().length === 1, 'all but one to be closed');
    for (const { end } of all.filter((each) => each.end)) assert.equal(end.code, 4000);
    const [one] = left();
    const b = await peer('b-', { server: nodes[0] });
    b.signal('OFFER', id, 1);
    await one.expect(OPEN, relayed('OFFER', b.id, id, '1'));
    await one.fence();
    assert.equal(cli(redis, 'keys', `*:w*:*:${id}`).trim(), '', 'nothing of it waits anywhere');
  });

  test('an id is free on all nodes when its peer has gone', async ({ nodes, peer, claim }) => {
    const a = await peer('a-', { server: nodes[0], token: 'mine' });
    await a.close(1000);
    await claim(a.id, { server: nodes[1], token: 'theirs' });
  });

  test('what waits for an absent peer goes where it arrives', async (scope) => {
    const { redis, nodes, peer, name } = scope;
    const id = name('late-');
    const a = await peer('a-', { server: nodes[0] });
    const c = await peer('c-', { server: nodes[2] });
    for (let i = 0; i < 10; i += 1) {
      a.signal('CANDIDATE', id, i);
      c.signal('CANDIDATE', id, i);
    }
    await a.fence();
    const noted = () => cli(redis, 'keys', `*:waiting:*:${id}`).trim();
    await until(() => noted() !== '', 'Redis to note that something waits');
    const time = Number(cli(redis, 'pttl', noted()));
    assert.ok(time > 0 && time <= 5_000 + 10_000, `it is noted for ${time} ms`);
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

  test('LEAVE passes between nodes', async ({ nodes, page }) => {
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
    const b = await peer('b-', { server: nodes[0] }); // where all that waits is in one queue
    b.signal('OFFER', 'another', 1); // its EXPIRE comes after one for the third would have
    await b.expect(relayed('EXPIRE', 'another', b.id));
    await a.fence();
  });

  test('who takes the id of one that has ended does not hear whom that had called', async (scope) => {
    const { nodes, peer, page, socket } = scope;
    const d = await page('d-', { server: nodes[1] });
    d.lose();
    await nodes[1].waitForLog(new RegExp(`disconnected: ${d.id} .*connection lost`));
    const a = await page('a-', { server: nodes[0] });
    const c = await peer('c-', { server: nodes[0] });
    for (const caller of [a, c]) {
      caller.signal('OFFER', d.id, 1);
      await caller.fence();
    }
    await a.close(1001);
    const next = socket({ server: nodes[0], id: a.id, token: 'of another' });
    await next.expect(OPEN);
    await c.expect(relayed('EXPIRE', d.id, c.id)); // after what a would have been told
    await next.fence();
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

clusterSuite('Cluster, with two keys', { count: 2, args: ['-k', 'x', '-k', 'x:1'] }, (test) => {
  test('nothing crosses from one to the other', async ({ nodes, socket, name }) => {
    const at = async (server, key, id, token) => {
      const made = socket({ server, key, id, token });
      await made.expect(OPEN);
      return made;
    };
    const id = name('same-');
    const a = await at(nodes[0], 'x', id, 'one');
    const b = await at(nodes[1], 'x:1', id, 'two');
    const c = await at(nodes[1], 'x', name('c-'));
    c.signal('OFFER', id, 1);
    await a.expect(relayed('OFFER', c.id, id, '1'));
    await a.fence();
    await b.fence();
    // "1:" and the id under key x might be taken for the id under key x:1.
    c.signal('OFFER', `1:${id}late`, 2);
    await c.fence();
    const late = await at(nodes[0], 'x:1', `${id}late`);
    await late.fence();
  });
});

const discovery = { count: 3, args: ['--allow_discovery'] };
clusterSuite('Cluster, asked who is there', discovery, (test) => {
  const ask = async (node, path, method = 'GET') => {
    const headers = { Authorization: 'Bearer token-of-the-tests' };
    const { status, body } = await request(node.admin, method, path, headers);
    return { status, body, json: status === 200 && method === 'GET' ? JSON.parse(body) : null };
  };

  test('each node lists the peers of all', async ({ nodes, peer }) => {
    const all = [];
    for (let i = 0; i < 30; i += 1) all.push(await peer('p-', { server: nodes[i % 3] }));
    const ids = all.map(({ id }) => id).sort();
    for (const node of nodes) assert.deepEqual((await listed(node)).sort(), ids);
    const target = '/peerjs/peers';
    const both = await talk(
      nodes[0],
      `GET ${target} HTTP/1.1\nHost: x\n\nGET ${target} HTTP/1.1\nHost: x\nConnection: close\n\n`,
    );
    assert.equal(both.match(/HTTP\/1.1 200/g).length, 2, 'two requests at once, two answers');
    await all[0].close(1000);
    for (const node of nodes) await unregistered(node, all[0]);
  });

  test('many who ask at once share the work of Redis', async ({ nodes, peer }) => {
    const a = await peer('s-', { server: nodes[1] });
    const commands = () => metric(nodes[0], 'peerjsd_cluster_commands_total');
    const before = await commands();
    const lists = await Promise.all(Array.from({ length: 40 }, () => listed(nodes[0])));
    for (const list of lists) assert.deepEqual(list, [a.id]);
    const buckets = 64;
    assert.ok((await commands()) - before < 10 * buckets, 'far less than a list for each of them');
  });

  test('the operator sees on which node each is', async ({ nodes, peer }) => {
    const all = [];
    for (let i = 0; i < 9; i += 1) all.push(await peer('o-', { server: nodes[i % 3] }));
    const names = nodes.map(nameOf);
    const expected = all
      .map(({ id }, i) => ({ id, node: names[i % 3] }))
      .sort((a, b) => (Buffer.from(a.id) < Buffer.from(b.id) ? -1 : 1));
    const seen = [];
    for (let after = ''; after !== null;) {
      const { json } = await ask(nodes[1], `/peers/peerjs?limit=4&after=${after}`);
      assert.equal(json.total, 9);
      seen.push(...json.peers);
      after = json.next;
    }
    assert.deepEqual(
      seen.map(({ id, node }) => ({ id, node })),
      expected,
    );
    const here = seen.filter(({ node }) => node === names[1]);
    assert.equal(here.length, 3);
    for (const each of here) assert.equal(each.address, '127.0.0.1');
    const { json } = await ask(nodes[1], `/peers/peerjs/${all[0].id}`);
    assert.deepEqual(json, { id: all[0].id, node: names[0] });
    assert.equal((await ask(nodes[1], '/peers/peerjs/nobody')).status, 404);
  });

  test('the operator ends a peer of another node', async ({ nodes, peer }) => {
    const a = await peer('a-', { server: nodes[0] });
    assert.equal((await ask(nodes[2], `/peers/peerjs/${a.id}`, 'DELETE')).status, 200);
    assert.equal((await a.expectClosed()).reason, 'dismissed by the operator');
    assert.equal((await ask(nodes[2], `/peers/peerjs/nobody`, 'DELETE')).status, 404);
  });

  test('a list while Redis goes away is the own one', async ({ redis, nodes, peer }) => {
    const here = await peer('h-', { server: nodes[0] });
    await peer('t-', { server: nodes[1] });
    redis.child.kill('SIGSTOP');
    try {
      assert.deepEqual(await listed(nodes[0]), [here.id]);
    } finally {
      redis.child.kill('SIGCONT');
    }
  });
});

clusterSuite('Cluster with room for one on each node', { count: 2, args: ['-c', '1'] }, (test) => {
  test('a node counts its own peers', async ({ nodes, peer, socket }) => {
    for (const server of nodes) await peer('one-', { server });
    for (const server of nodes) {
      await socket({ server, id: 'another' }).expect(
        errorText('Server has reached its concurrent user limit'),
      );
    }
  });
});
