// The same id and token once more: a page that lost its connection, or called reconnect().

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { get, OPEN, relayed, until } from '../support/wire.mjs';

// The first thing to come on a resumed socket is its own message; on peerjsd after an OPEN.
async function resume(scope, old, options = {}) {
  const again = scope.socket({ id: old.id, token: old.token, ...options });
  if (scope.kind === 'peerjsd') await again.expect(OPEN);
  else await again.upgraded;
  await again.fence();
  return again;
}

const WHY = 'npm peer leaves the client without OPEN, and the old socket hanging';

suite('Resume', ['--allow_discovery'], ({ both, improvement }) => {
  both('messages go to the new connection', async (scope) => {
    const a = await scope.peer('a-');
    const b = await scope.peer('b-');
    const again = await resume(scope, a);
    b.signal('OFFER', a.id, 1);
    await again.expect(relayed('OFFER', b.id, a.id, '1'));
    again.signal('ANSWER', b.id, 2);
    await b.expect(relayed('ANSWER', a.id, b.id, '2'));
  });

  both('the end of the old connection harms nobody', async (scope) => {
    const a = await scope.peer('a-');
    const b = await scope.peer('b-');
    a.signal('OFFER', b.id, 1);
    await b.expect(relayed('OFFER', a.id, b.id, '1'));
    const again = await resume(scope, a);
    a.lose();
    await a.expectClosed();
    await again.fence();
    b.signal('ANSWER', a.id, 2);
    await again.expect(relayed('ANSWER', b.id, a.id, '2'));
    await b.fence();
    assert.ok(JSON.parse((await get(scope.server, '/peerjs/peers')).body).includes(a.id));
  });

  both('the id stays taken for others', async (scope) => {
    const a = await scope.peer('a-', { token: 'mine' });
    const again = await resume(scope, a);
    const other = scope.socket({ id: a.id, token: 'theirs' });
    await other.expectJson({ type: 'ID-TAKEN', payload: { msg: 'ID is taken' } });
    await again.fence();
  });

  both('the id is there once in discovery, and gone after the last connection', async (scope) => {
    const a = await scope.peer('a-');
    const again = await resume(scope, a);
    const listed = async () =>
      JSON.parse((await get(scope.server, '/peerjs/peers')).body).filter((id) => id === a.id)
        .length;
    assert.equal(await listed(), 1);
    await again.close(1000);
    await until(async () => (await listed()) === 0, 'the end of the registration');
  });

  improvement(
    'OPEN is sent on the new connection, before all else',
    WHY,
    async ({ peer, socket }) => {
      const a = await peer('a-');
      const again = socket({ id: a.id });
      await again.expect(OPEN);
      await again.fence();
    },
    async ({ peer, socket }) => {
      const a = await peer('a-');
      const again = socket({ id: a.id });
      await again.upgraded;
      await again.fence();
      a.signal('OFFER', a.id, 'from the old one');
      await again.expect(relayed('OFFER', a.id, a.id, '"from the old one"'));
    },
  );

  improvement(
    'the old connection is closed, with a code that says why',
    WHY,
    async ({ peer, socket }) => {
      const a = await peer('a-');
      const again = socket({ id: a.id });
      await again.expect(OPEN);
      const { code, reason } = await a.expectClosed();
      assert.ok(code >= 4000 && code < 5000, `code ${code}`);
      assert.equal(reason, 'resumed elsewhere');
      await again.fence();
    },
  );

  improvement(
    'what the old connection still says is not heard',
    WHY,
    async ({ mute, peer, socket }) => {
      const a = await mute('a-');
      const b = await peer('b-');
      const again = socket({ id: a.id });
      await again.expect(OPEN);
      a.send(JSON.stringify({ type: 'OFFER', dst: b.id, payload: 'too late' }));
      a.send(JSON.stringify({ type: 'LEAVE' }));
      assert.ok((await a.ending()) >= 4000);
      await again.fence();
      await b.fence();
    },
  );

  improvement('partners are not told of it', 'npm peer tells nobody of any end', async (scope) => {
    for (const kind of ['peer', 'page']) {
      const a = await scope[kind]('a-');
      const b = await scope.peer('b-');
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      const again = await resume(scope, a, {
        origin: kind === 'page' ? 'http://app.test' : undefined,
      });
      await a.expectClosed();
      await again.fence();
      await b.fence();

      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    }
  });

  improvement('many times in a row', WHY, async ({ peer, socket }) => {
    const b = await peer('b-');
    let a = await peer('a-');
    for (let i = 0; i < 20; i += 1) {
      const again = socket({ id: a.id });
      await again.expect(OPEN);
      again.signal('CANDIDATE', b.id, i);
      await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
      assert.ok((await a.expectClosed()).code >= 4000);
      a = again;
    }
    await a.fence();
  });

  improvement(
    'nothing is lost or doubled while messages stream in',
    WHY,
    async ({ peer, socket }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      let sent = 0;
      const next = () => b.signal('CANDIDATE', a.id, sent++);
      for (let i = 0; i < 100; i += 1) next();
      const again = socket({ id: a.id });
      let opened = false;
      const opening = again.expect(OPEN).finally(() => (opened = true));
      while (!opened) {
        next();
        await b.fence();
      }
      await opening;
      for (let i = 0; i < 100; i += 1) next();
      b.signal('OFFER', a.id, 'last');

      const seen = await payloadsUntilEnd(a);
      for (;;) {
        const { type, payload } = JSON.parse(await again.next());
        if (type === 'OFFER') break;
        seen.push(payload);
      }
      assert.deepEqual(
        seen,
        Array.from({ length: sent }, (_, i) => i),
      );
    },
  );

  improvement(
    'what the old connection had no time to take moves to the new one',
    'npm peer leaves it where it is',
    async ({ start, peer, mute, socket }) => {
      const server = await start(['--send_queue_bytes', '64MiB']);
      const a = await mute('a', { server });
      const b = await peer('b', { server });
      a.socket.pause();
      const total = 80; // of 200 kB each: more than the system keeps for a socket that is not read
      for (let i = 0; i < total; i += 1)
        b.signal('CANDIDATE', 'a', { i, fill: 'x'.repeat(200_000) });
      await b.fence();

      const again = socket({ id: 'a', server });
      await again.expect(OPEN);
      a.socket.resume();
      const seen = [];
      for (let frame = await a.frame(); frame && frame.opcode === 1; frame = await a.frame()) {
        seen.push(JSON.parse(frame.payload).payload.i);
      }
      const onOld = seen.length;
      assert.ok(onOld < total, 'some had to wait');
      while (seen.at(-1) !== total - 1) seen.push(JSON.parse(await again.next()).payload.i);
      assert.deepEqual(
        seen,
        Array.from({ length: total }, (_, i) => i),
      );
      await again.fence();
    },
  );
});

// The payloads that come until the connection is closed.
async function payloadsUntilEnd(peer) {
  const payloads = [];
  for (;;) {
    const text = await peer.next().catch(() => null);
    if (text === null) return payloads;
    payloads.push(JSON.parse(text).payload);
  }
}

suite('Resume on a full server', ['--concurrent_limit', '1'], ({ both }) => {
  both('is allowed', async (scope) => {
    const a = await scope.peer('a-');
    const again = await resume(scope, a);
    const other = scope.socket({ id: scope.name('b') });
    await other.expectJson({
      type: 'ERROR',
      payload: { msg: 'Server has reached its concurrent user limit' },
    });
    await again.fence();
  });
});
