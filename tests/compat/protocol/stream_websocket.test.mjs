// One peer, two ways: PeerJS 0.3.x opens an XHR stream and a WebSocket at once, and keeps the latter.

import assert from 'node:assert/strict';
import { STREAMING, suite } from '../support/suite.mjs';
import { ID_TAKEN, OPEN, partners, payloadOf, relayed, until, within } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const READ_MS = 50; // between two looks of a browser at a stream
const discovery = { peerjsd: ['--allow_discovery'], 'peer-0.2.10': { allow_discovery: true } };

const COUNT = 20;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

suite(
  'Stream and WebSocket',
  discovery,
  ({ both, improvement, kind }) => {
    both('a WebSocket takes over without OPEN, and the stream is ended', async (scope) => {
      for (const options of [{}, { http: '1.0' }, { origin: ORIGIN }]) {
        const a = await scope.stream('a-', options);
        const b = await scope.peer('b-');
        await partners(a, b);
        const socket = scope.socket({ id: a.id, origin: options.origin });
        await socket.upgraded;
        await a.expectEnded();
        await socket.fence();
        b.signal('ANSWER', a.id, 1);
        await socket.expect(relayed('ANSWER', b.id, a.id, '1'));
        socket.signal('CANDIDATE', b.id, 2);
        await b.expect(relayed('CANDIDATE', a.id, b.id, '2'));
      }
    });

    both('nothing is lost, doubled or reordered in between', async (scope) => {
      const a = await scope.stream('a-');
      const b = await scope.peer('b-');
      let sent = 0;
      const next = () => b.signal('CANDIDATE', a.id, sent++);
      for (let i = 0; i < 10; i += 1) next();
      const seen = [payloadOf(await a.next()), payloadOf(await a.next())];
      const socket = scope.socket({ id: a.id });
      let upgraded = false;
      const upgrading = socket.upgraded.finally(() => (upgraded = true));
      while (!upgraded) {
        next();
        await b.fence();
      }
      await upgrading;
      for (let i = 0; i < 10; i += 1) next();
      seen.push(...(await a.rest()).map(payloadOf));
      if (kind === 'peerjsd') assert.ok(seen.length < sent, 'some had to wait');
      while (seen.length < sent) seen.push(payloadOf(await socket.next()));
      assert.deepEqual(
        seen,
        Array.from({ length: sent }, (_, i) => i),
      );
      await socket.fence();
    });

    improvement(
      'a line that is cut by the change of ways comes whole by the WebSocket',
      'npm peer goes on with the stream until all is read',
      async ({ start, peer, stream, socket }) => {
        const server = await start(['--send_queue_bytes', '64MiB']);
        const total = 10; // of 1.9 MB each: more than the system keeps for a socket that is not read
        const [a, b, c] = [
          await stream('a', { server }),
          await peer('b', { server }),
          await stream('c', { server }),
        ];
        a.socket.pause();
        const fill = 'x'.repeat(1_900_000);
        for (let i = 0; i < total; i += 1) b.signal('CANDIDATE', 'a', { i, fill });
        for (let i = 0; i < total; i += 1) b.signal('CANDIDATE', 'c', i);
        // By then all lines for a were due, too.
        for (let i = 0; i < total; i += 1) await c.next();

        const ws = socket({ server, id: 'a' });
        await ws.upgraded;
        a.socket.resume();
        await within(a.ended, 'the end of the stream');
        const seen = (await a.whole()).map((text) => payloadOf(text).i);
        assert.ok(seen.length < total, 'some had to wait');
        while (seen.length < total) seen.push(payloadOf(await ws.next()).i);
        assert.deepEqual(
          seen,
          Array.from({ length: total }, (_, i) => i),
        );
        await ws.fence();
      },
    );

    improvement(
      'keep-alives do not move from the stream to the WebSocket',
      'npm peer has none',
      async ({ start, peer, stream, socket }) => {
        const server = await start(['--ping_interval', '50', '--stream_pacing', '500']);
        const b = await peer('b', { server });
        const a = await stream('a', { server });
        const later = b.pings + 4;
        await until(() => b.pings >= later, 'pings, and with them a keep-alive that waits');
        const ws = socket({ server, id: a.id });
        await ws.upgraded;
        await ws.fence();
      },
    );

    both('a frame sent together with the handshake is not lost', async (scope) => {
      const a = await scope.stream('a-');
      const b = await scope.peer('b-');
      const ws = scope.raw({ id: a.id });
      ws.send(JSON.stringify({ type: 'OFFER', dst: b.id, payload: 'early' }));
      ws.send(JSON.stringify({ type: 'OFFER', dst: a.id, payload: 'to oneself' }));
      assert.equal(await ws.handshake(), 101);
      await ws.expect(relayed('OFFER', a.id, a.id, '"to oneself"'));
      await b.expect(relayed('OFFER', a.id, b.id, '"early"'));
      await b.fence();
    });

    both('a WebSocket that ends as soon as it has taken over is the end', async (scope) => {
      const a = await scope.stream('a-', { token: 'mine' });
      const ws = scope.raw({ id: a.id, token: 'mine' });
      ws.socket.end();
      await a.expectEnded();
      const next = await scope.claim(a.id, { token: 'theirs' });
      await next.fence();
    });

    improvement(
      'what the WebSocket brings does not overtake what the stream has just brought',
      'a browser tells of what a stream brings up to 50 ms late',
      async (scope) => {
        for (let round = 0; round < 4; round += 1) {
          const a = await scope.stream('a-');
          const b = await scope.peer('b-');
          // Enough for a stream that is still at it when the WebSocket comes, and less than it may hold.
          for (let i = 0; i < 5 * COUNT; i += 1) b.signal('CANDIDATE', a.id, i);
          const lines = [await a.nextLine(), await a.nextLine()];
          const socket = scope.socket({ id: a.id });
          const { payload, at } = await socket
            .next()
            .then((text) => ({ payload: payloadOf(text), at: performance.now() }));
          while (payloadOf(lines.at(-1).text) < payload - 1) lines.push(await a.nextLine());
          const gap = at - lines.at(-1).notBefore;
          assert.ok(gap >= READ_MS, `${gap} ms`);
          await a.expectEnded();
        }
      },
    );

    both('both at once have one OPEN between them, and the WebSocket carries', async (scope) => {
      const b = await scope.peer('b-');
      const rounds = Array.from({ length: 10 }, async (_, i) => {
        const id = scope.name('a');
        const ways = [() => scope.streaming({ id, query: 'i=0' }), () => scope.socket({ id })];
        const made = i % 2 ? ways.map((way) => way()) : ways.reverse().map((way) => way());
        const [stream, socket] = i % 2 ? made : made.reverse();
        await Promise.all([stream.begin(), socket.upgraded]);
        socket.signal('CANDIDATE', id, 'first');
        const first = await socket.next();
        if (first === OPEN) await socket.expect(relayed('CANDIDATE', id, id, '"first"'));
        else {
          assert.equal(first, relayed('CANDIDATE', id, id, '"first"'));
          await stream.expect(OPEN);
          await stream.expectEnded();
        }
        await socket.fence();
        b.signal('OFFER', id, i);
        await socket.expect(relayed('OFFER', b.id, id, String(i)));
        return { stream, socket };
      });
      for (const { stream, socket } of await Promise.all(rounds)) {
        stream.lose();
        await socket.fence();
        // Were anything on the stream, this would find it.
        await stream.ended;
        await assert.rejects(stream.next(), /ended/);
      }
    });

    both('a stream beside a WebSocket is silent, and its end changes nothing', async (scope) => {
      for (const query of [undefined, 'i=0', 'i=1']) {
        const socket = await scope.peer('a-', { token: 'mine' });
        const b = await scope.peer('b-');
        await partners(b, socket);
        const beside = scope.streaming({ id: socket.id, token: 'mine', query });
        await beside.begin();
        b.signal('CANDIDATE', socket.id, 1);
        await socket.expect(relayed('CANDIDATE', b.id, socket.id, '1'));
        await socket.fence();
        beside.lose();
        await beside.ended;
        await assert.rejects(beside.next(), /ended/);
        await socket.fence();
        await b.fence();
        const other = scope.socket({ id: socket.id, token: 'theirs' });
        await other.expect(ID_TAKEN);
      }
    });

    improvement(
      'a stream beside a WebSocket is ended after a while',
      'npm peer leaves it hanging; browsers have six connections to a host',
      async (scope) => {
        const socket = await scope.peer('a-');
        const beside = scope.streaming({ id: socket.id });
        await beside.begin();
        await beside.expectEnded(20_000);
        await socket.fence();
      },
    );

    both('with the WebSocket the peer is gone, even if a stream still hangs', async (scope) => {
      const socket = await scope.peer('a-', { token: 'mine' });
      const beside = scope.streaming({ id: socket.id, token: 'mine' });
      await beside.begin();
      await socket.close(1000);
      const next = await scope.claim(socket.id, { token: 'theirs' });
      await next.fence();
      beside.lose();
      await next.fence();
    });

    both('with the WebSocket that took over the peer is gone', async (scope) => {
      const a = await scope.stream('a-', { token: 'mine' });
      const socket = scope.socket({ id: a.id, token: 'mine' });
      await socket.upgraded;
      await socket.fence();
      await socket.close(1000);
      const next = await scope.claim(a.id, { token: 'theirs' });
      await next.fence();
    });

    both('a WebSocket with another token is refused, and the stream lives on', async (scope) => {
      const a = await scope.stream('a-', { token: 'mine' });
      const other = scope.socket({ id: a.id, token: 'theirs' });
      await other.expect(ID_TAKEN);
      await other.expectClosed();
      await a.fence();
    });

    improvement(
      'partners are not told of a change of ways, but of the end after it',
      'npm peer tells nobody of any end',
      async (scope) => {
        const a = await scope.stream('a-');
        const b = await scope.peer('b-');
        await partners(a, b);
        const renewed = await scope.renew(a);
        await a.expectEnded();
        const socket = scope.socket({ id: a.id });
        await socket.upgraded;
        await socket.fence();
        await renewed.expectEnded();
        await b.fence();
        await socket.close(1001);
        await b.expect(relayed('LEAVE', a.id, b.id));
        await b.fence();
      },
    );

    improvement(
      'a page that has lost its WebSocket may come back by a stream',
      'npm peer forgets it, and what was sent to it meanwhile expires',
      async (scope) => {
        const page = await scope.page('a-');
        const b = await scope.peer('b-');
        await partners(page, b);
        page.lose();
        await scope.server.waitForLog(new RegExp(`^.*\\b${page.id}\\b.*lost`, 'm'));
        b.signal('ANSWER', page.id, 1);
        await b.fence();
        const a = await scope.stream(page.id, { origin: ORIGIN });
        await a.expect(relayed('ANSWER', b.id, page.id, '1'));
        await a.fence();
        await b.fence();
      },
    );
  },
  { kinds: STREAMING, concurrency: 4 },
);
