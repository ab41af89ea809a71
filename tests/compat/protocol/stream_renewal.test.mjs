// One XHR stream after another: PeerJS 0.3.x asks for a new one every 25 seconds.

import assert from 'node:assert/strict';
import { STREAMING, suite } from '../support/suite.mjs';
import { ID_TAKEN, OPEN, partners, payloadOf, relayed, within } from '../support/wire.mjs';

const discovery = { peerjsd: ['--allow_discovery'], 'peer-0.2.10': { allow_discovery: true } };

const READ_MS = 50; // between two looks of a browser at a stream
const COUNT = 20;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

suite(
  'Stream after stream',
  discovery,
  ({ both, improvement }) => {
    both('a renewed stream carries the peer, and has no OPEN', async (scope) => {
      const b = await scope.peer('b-');
      let a = await scope.stream('a-');
      for (let i = 1; i < 4; i += 1) {
        const old = a;
        a = await scope.renew(old, { query: `i=${i}` });
        await a.fence();
        b.signal('OFFER', a.id, i);
        await a.expect(relayed('OFFER', b.id, a.id, String(i)));
        old.lose();
        await old.ended;
        await a.fence();
      }
    });

    improvement(
      'the log says nothing of a renewal, only of the coming and going of the peer',
      'npm peer logs nothing of streams',
      async (scope) => {
        let a = await scope.stream('a-');
        for (let i = 1; i < 4; i += 1) a = await scope.renew(a, { query: `i=${i}` });
        await a.fence();
        a.lose();
        await scope.server.waitForLog(new RegExp(`Client disconnected: ${a.id} `));
        assert.equal(scope.server.log().match(new RegExp(`: ${a.id} `, 'g')).length, 2);
      },
    );

    both('the end of the old stream changes nothing', async (scope) => {
      const old = await scope.stream('a-', { token: 'mine' });
      const b = await scope.peer('b-');
      await partners(old, b);
      const a = await scope.renew(old);
      old.reset();
      await old.ended;
      const other = scope.socket({ id: a.id, token: 'theirs' });
      await other.expect(ID_TAKEN);
      await a.fence();
      await b.fence();
    });

    improvement(
      'the old stream is ended as a whole',
      'npm peer leaves it hanging',
      async (scope) => {
        const old = await scope.stream('a-');
        const a = await scope.renew(old);
        await old.expectEnded();
        await a.fence();

        const plain = await scope.stream('a-', { http: '1.0' });
        const next = await scope.renew(plain);
        await plain.expectEnded();
        await next.fence();
      },
      async (scope) => {
        const old = await scope.stream('a-');
        const a = await scope.renew(old);
        await a.fence();
        assert.equal(old.end, null);
      },
    );

    improvement(
      'a stream asked for anew, not renewed, has an OPEN',
      'npm peer leaves reconnect() without one',
      async (scope) => {
        for (const query of [undefined, 'i=0', 'x=1']) {
          const old = await scope.stream('a-');
          const a = await scope.stream(old.id, { query });
          await old.expectEnded();
          await a.fence();
        }
      },
      async (scope) => {
        const old = await scope.stream('a-');
        const a = await scope.renew(old, { query: 'i=0' });
        await a.fence();
      },
    );

    improvement(
      'the lines that waited move over, in order and once',
      'npm peer writes them all at once, too fast for its clients',
      async (scope) => {
        for (const query of ['i=1', 'i=0']) {
          const old = await scope.stream('a-');
          const b = await scope.peer('b-');
          for (const i of numbers) b.signal('CANDIDATE', old.id, i);
          const seen = [payloadOf(await old.next()), payloadOf(await old.next())];
          const a = scope.streaming({ id: old.id, query });
          await a.begin();
          if (query === 'i=0') await a.expect(OPEN);
          seen.push(...(await old.rest()).map(payloadOf));
          assert.ok(seen.length < COUNT, 'some had to wait');
          while (seen.length < COUNT) seen.push(payloadOf(await a.next()));
          assert.deepEqual(seen, numbers);
          await a.fence();
        }
      },
    );

    improvement(
      'nothing is lost or doubled while messages stream in and streams change',
      'npm peer writes them all at once, too fast for its clients',
      async (scope) => {
        const b = await scope.peer('b-');
        const streams = [await scope.stream('a-')];
        const { id } = streams[0];
        let sent = 0;
        for (let round = 1; round <= 5; round += 1) {
          for (let i = 0; i < 4; i += 1) b.signal('CANDIDATE', id, sent++);
          await b.fence();
          streams.push(scope.streaming({ id, query: `i=${round}` }));
          for (let i = 0; i < 4; i += 1) b.signal('CANDIDATE', id, sent++);
          await streams.at(-1).begin();
        }
        const last = streams.pop();
        const seen = [];
        for (const stream of streams) {
          for (const line of await stream.rest())
            if (line.startsWith('{"type":"C')) seen.push(payloadOf(line));
        }
        while (seen.length < sent) seen.push(payloadOf(await last.next()));
        assert.deepEqual(
          seen,
          Array.from({ length: sent }, (_, i) => i),
        );
        await last.fence();
      },
    );

    improvement(
      'a new stream does not begin before the last line of the old one has been read',
      'a client lets go of the old one, read or not, when the new one begins',
      async (scope) => {
        for (let round = 0; round < 4; round += 1) {
          const old = await scope.stream('a-');
          const b = await scope.peer('b-');
          for (const i of numbers) b.signal('CANDIDATE', old.id, i);
          const lines = [await old.nextLine(), await old.nextLine()];
          const a = scope.streaming({ id: old.id, query: 'i=1' });
          const head = await a.nextLine();
          const first = payloadOf(await a.next());
          while (payloadOf(lines.at(-1).text) < first - 1) lines.push(await old.nextLine());
          const gap = head.at - lines.at(-1).notBefore;
          assert.ok(gap >= READ_MS, `${gap} ms`);
          await old.expectEnded();
        }
      },
    );

    both(
      'the connection of an ended stream is closed, or good for another request',
      async (scope) => {
        const old = await scope.stream('a-');
        const socket = scope.socket({ id: old.id });
        await socket.upgraded;
        await old.expectEnded();
        if (old.answer.headers.connection === 'close') {
          await within(old.closed, 'the end of the connection');
        } else {
          const answer = await old.reuse('GET / HTTP/1.1\nHost: x\nConnection: close\n\n');
          assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
        }
      },
    );
  },
  { kinds: STREAMING, concurrency: 4 },
);
