// What an XHR stream brings: whole lines, each in its time.

import assert from 'node:assert/strict';
import { STREAMING, suite } from '../support/suite.mjs';
import { post } from '../support/stream.mjs';
import { errorText, ID_TAKEN, OPEN, payloadOf, relayed, until } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const PACING_MS = 80;
const BOTH = { kinds: STREAMING };

suite(
  'Stream delivery',
  {},
  ({ both, improvement, kind }) => {
    const COUNT = 20;
    const numbers = Array.from({ length: COUNT }, (_, i) => i);
    for (const [from, to] of [
      ['stream', 'peer'],
      ['peer', 'stream'],
      ['stream', 'stream'],
    ]) {
      both(`${from} to ${to}: all kinds pass, in order and once`, async (scope) => {
        const a = await scope[from]('a-');
        const b = await scope[to]('b-');
        for (const type of ['OFFER', 'ANSWER', 'LEAVE']) {
          await a.signal(type, b.id, { type });
          await b.expect(relayed(type, a.id, b.id, `{"type":"${type}"}`));
        }
        for (const i of numbers) await a.signal('CANDIDATE', b.id, i);
        for (const i of numbers) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
        await b.fence();
        await a.fence();
      });
    }

    both('each line is a chunk of its own, whatever its length', async ({ stream, peer }) => {
      const a = await stream('a-');
      const b = await peer('b-');
      const begun = a.chunks.length;
      const sent = ['', 'x'.repeat(5000), '\u3042'.repeat(100_000), 'x'.repeat(300_000), 'end'];
      for (const payload of sent) b.signal('CANDIDATE', a.id, payload);
      const lines = sent.map((text) => relayed('CANDIDATE', b.id, a.id, JSON.stringify(text)));
      await a.expect(...lines);
      assert.deepEqual(
        a.chunks.slice(begun).map((chunk) => chunk.length),
        lines.map((line) => line.length + 1),
      );
    });

    both('a message is one line, however it was written', async ({ stream, peer, server }) => {
      const a = await stream('a-');
      const b = await peer('b-');
      const payload = { text: 'one\ntwo\r\n\u2028', list: [1, [], {}] };
      const pretty = JSON.stringify({ type: 'OFFER', dst: a.id, payload }, null, 2);
      b.send(pretty);
      b.send(Buffer.from(pretty.replaceAll('\n', '\r\n')));
      await post(server, { id: b.id, verb: 'offer' }, pretty.replaceAll('\n', '\r'));
      const expected = { type: 'OFFER', src: b.id, dst: a.id, payload };
      for (let i = 0; i < 3; i += 1) {
        const line = await a.next();
        assert.deepEqual(JSON.parse(line), expected);
        assert.doesNotMatch(line, /\r/);
      }
      await a.fence();
    });

    improvement(
      'lines keep their distance, and none is lost or blank',
      'PeerJS 0.3.x looks at one line in about 50 ms and never again at what it missed',
      async ({ stream, peer }) => {
        for (const origin of [undefined, ORIGIN]) {
          const a = await stream('a-', { origin });
          const b = await peer('b-');
          for (const i of numbers) b.signal('CANDIDATE', a.id, i);
          const pace = await paceOf(a, b, numbers);
          assert.ok(pace >= PACING_MS - 10, `${pace} ms apart`);
          // Nothing else is between them.
          const first = a.chunks.findIndex((chunk) => chunk.includes('CANDIDATE'));
          const lines = a.chunks.slice(first, first + COUNT);
          assert.deepEqual(
            lines.map((line) => payloadOf(line)),
            numbers,
          );
        }
      },
      async ({ stream, peer }) => {
        const a = await stream('a-');
        const b = await peer('b-');
        for (const i of numbers) b.signal('CANDIDATE', a.id, i);
        const pace = await paceOf(a, b, numbers);
        assert.ok(pace < PACING_MS - 10, `${pace} ms apart`);
      },
    );

    improvement(
      'the first line keeps its distance from OPEN, too',
      'PeerJS 0.3.x looks at one line in about 50 ms and never again at what it missed',
      async ({ streaming, peer, name }) => {
        const id = name('late');
        const b = await peer('b-');
        b.signal('OFFER', id, 1);
        await b.fence();
        const a = streaming({ id });
        await a.begin();
        const opened = await a.nextLine();
        const first = await a.nextLine();
        assert.equal(opened.text, OPEN);
        assert.equal(first.text, relayed('OFFER', b.id, id, '1'));
        const gap = first.at - opened.notBefore;
        assert.ok(gap >= PACING_MS - 10, `${gap} ms`);
      },
    );

    both('what was sent before it came is delivered after OPEN, in order', async (scope) => {
      const id = scope.name('late');
      const a = await scope.stream('a-');
      const b = await scope.peer('b-');
      if (kind !== 'peerjsd') {
        // npm peer lets all that waits expire every 5 s: not just now.
        b.signal('OFFER', 'nobody', 0);
        await b.expectJson({ type: 'EXPIRE', src: 'nobody', dst: b.id });
      }
      await a.signal('OFFER', id, 1);
      await a.signal('CANDIDATE', id, 2);
      b.signal('OFFER', id, 3);
      await b.fence();
      const late = await scope.stream(id);
      await late.expect(
        relayed('OFFER', a.id, id, '1'),
        relayed('CANDIDATE', a.id, id, '2'),
        relayed('OFFER', b.id, id, '3'),
      );
      await late.fence();
    });
  },
  { ...BOTH, concurrency: 4 },
);

suite(
  'EXPIRE on a stream',
  { peerjsd: ['--expire_timeout', '200'] },
  ({ both }) => {
    both('EXPIRE comes by the stream of a caller that has one', async ({ stream, name }) => {
      const absent = name('nobody');
      const a = await stream('a-');
      await a.signal('OFFER', absent, 1);
      await a.signal('CANDIDATE', absent, 2);
      await a.expectJson({ type: 'EXPIRE', src: absent, dst: a.id });
      await a.fence();
    });
  },
  BOTH,
);

suite(
  'Idle streams',
  ['--ping_interval', '100', '--alive_timeout', '600', '--takeover_probe', '300'],
  ({ improvement }) => {
    improvement(
      'are kept alive, and live on without a word from their client',
      'npm peer writes nothing, and proxies end what is silent',
      async ({ stream, peer }) => {
        const a = await stream('a-');
        const plain = await stream('a-', { http: '1.0' });
        const b = await peer('b-');
        await until(() => a.blanks.length >= 12 && plain.blanks.length >= 12, 'keep-alives');
        b.signal('OFFER', a.id, 1);
        b.signal('OFFER', plain.id, 2);
        await a.expect(relayed('OFFER', b.id, a.id, '1'));
        await plain.expect(relayed('OFFER', b.id, plain.id, '2'));
        await a.fence();
      },
    );

    improvement(
      'keep their id, however often another one asks for it',
      'npm peer writes nothing, and so cannot tell',
      async ({ stream, socket, server, start, peer }) => {
        const quiet = await start(['--ping_interval', '0', '--takeover_probe', '200']);
        for (const own of [server, quiet]) {
          const a = await stream('a-', { server: own, token: 'mine' });
          const [clock, b] = [
            await stream('c-', { server: own }),
            await peer('b-', { server: own }),
          ];
          for (let round = 0; round < 3; round += 1) {
            const other = socket({ server: own, id: a.id, token: 'theirs' });
            await other.expect(ID_TAKEN);
            const refused = await post(own, { id: a.id, token: 'theirs' });
            assert.equal(refused.body.trimEnd(), errorText('ID is taken'));
            for (let i = 0; i < 6; i += 1) b.signal('CANDIDATE', clock.id, i);
            for (let i = 0; i < 6; i += 1) await clock.next(); // 400 ms later
          }
          await a.fence();
        }
      },
    );
  },
  { kinds: ['peerjsd'], concurrency: 2 },
);

suite(
  'After the last line of a stream',
  ['--stream_pacing', '40'],
  ({ improvement }) => {
    const WHY = 'a page that was busy looks at one line and leaves the rest for later events';

    improvement('a page gets blank ones, further and further apart', WHY, async (scope) => {
      const page = await scope.stream('page-', { origin: ORIGIN });
      const native = await scope.stream('native-');
      const opened = performance.now();
      await until(() => page.blanks.length >= 6, 'blank lines');
      const gap = (i) => page.blanks[i].at - page.blanks[i - 1].notBefore;
      assert.ok(page.blanks[0].at - opened < 2000);
      assert.ok(gap(2) >= 3 * 40, `${gap(2)} ms`);
      assert.ok(gap(5) >= 8 * 40, `${gap(5)} ms`);
      assert.equal(native.blanks.length, 0);
      assert.ok(page.chunks.slice(-6).every((chunk) => chunk === ' \n'));

      const b = await scope.peer('b-');
      const before = page.blanks.length;
      for (let i = 0; i < 5; i += 1) b.signal('CANDIDATE', page.id, i);
      for (let i = 0; i < 5; i += 1)
        await page.expect(relayed('CANDIDATE', b.id, page.id, String(i)));
      await until(() => page.blanks.length >= before + 4, 'blank lines after these');
      await page.fence();
    });

    improvement('they end', WHY, async (scope) => {
      const page = await scope.stream('page-', { origin: ORIGIN });
      const clock = await scope.stream('c-');
      const b = await scope.peer('b-');
      let before = -1;
      for (let round = 0; round < 10 && before < page.blanks.length; round += 1) {
        before = page.blanks.length;
        for (let i = 0; i < 26; i += 1) b.signal('CANDIDATE', clock.id, i);
        for (let i = 0; i < 26; i += 1) await clock.next(); // a second later
      }
      assert.equal(page.blanks.length, before);
      assert.ok(before > 0);
      await page.fence();
    });
  },
  { kinds: ['peerjsd'], concurrency: 2 },
);

// The least time from one line to the next, of the lines that must come now. Any two of them are
// compared: when this process is late, neighbours look far apart only as far as it is late.
async function paceOf(stream, sender, numbers) {
  const lines = [];
  let pace = Infinity;
  for (const i of numbers) {
    const line = await stream.nextLine();
    assert.equal(line.text, relayed('CANDIDATE', sender.id, stream.id, String(i)));
    for (const [j, earlier] of lines.entries()) {
      pace = Math.min(pace, (line.at - earlier.notBefore) / (i - j));
    }
    lines.push(line);
  }
  return Math.round(pace);
}
