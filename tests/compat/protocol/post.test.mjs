// Messages by POST, as PeerJS 0.3.x sends them while it has no WebSocket.

import assert from 'node:assert/strict';
import { dial } from '../support/dial.mjs';
import { STREAMING, suite } from '../support/suite.mjs';
import { post, postTarget } from '../support/stream.mjs';
import { relayed, request, talk, until } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const TYPES = ['OFFER', 'ANSWER', 'CANDIDATE', 'LEAVE'];
const BOTH = { kinds: STREAMING, concurrency: 4 };
const WHY_TYPE = 'npm peer relays what it is given, of any type or none';
const WHY_200 = 'npm peer says OK and drops it';

const limit = { peerjsd: ['--max_message_bytes', '100KiB'] }; // as npm peer has it

suite(
  'POST',
  limit,
  ({ both, improvement }) => {
    for (const kind of ['stream', 'peer']) {
      both(`every verb is taken from a peer (${kind})`, async (scope) => {
        const [a, b] = await scope.pair(kind);
        for (const type of TYPES) {
          const answer = await scope.say(a, type.toLowerCase(), {
            type,
            dst: b.id,
            payload: { n: 1 },
          });
          assert.equal(answer.status, 200);
          assert.equal(answer.body, 'OK');
          assert.match(answer.headers['content-type'], /^text\/plain/);
          await b.expect(relayed(type, a.id, b.id, '{"n":1}'));
        }
        await a.fence();
      });
    }

    both('src is the peer of the URL, whoever it says it is', async (scope) => {
      const [a, b] = await scope.pair();
      await scope.say(a, 'offer', { type: 'OFFER', src: b.id, dst: b.id, payload: 1 });
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
    });

    both('members may stand in any order, twice, or be unknown', async (scope) => {
      const [a, b] = await scope.pair();
      await scope.say(a, 'offer', `{"payload":{"x":1},"dst":"${b.id}","type":"OFFER"}`);
      await scope.say(
        a,
        'offer',
        `{"x":[{}],"dst":"x","dst":"${b.id}","type":"OFFER","payload":2}`,
      );
      await scope.say(
        a,
        'offer',
        ` {\r\n\t"type" : "OFFER" , "dst" : "${b.id}" , "payload" : 3 } \n`,
      );
      await scope.say(
        a,
        'offer',
        `{"\\u0074ype":"\\u004fFFER","d\\u0073t":"${b.id}","payload":null}`,
      );
      await scope.say(a, 'offer', `{"type":"OFFER","dst":"${b.id}"}`);
      for (const payload of ['{"x":1}', '2', '3', 'null', undefined])
        await b.expect(relayed('OFFER', a.id, b.id, payload));
    });

    both('a payload of any kind passes', async (scope) => {
      const [a, b] = await scope.pair();
      for (const payload of ['[]', '""', 'false', '"\u2028\u00e9\u{1f600}\\u0001"', '{"a":{}}']) {
        await scope.say(a, 'answer', `{"type":"ANSWER","dst":"${b.id}","payload":${payload}}`);
        await b.expect(relayed('ANSWER', a.id, b.id, payload));
      }
      const text = JSON.stringify('x'.repeat(99_000));
      await scope.say(a, 'answer', `{"type":"ANSWER","dst":"${b.id}","payload":${text}}`);
      await b.expect(relayed('ANSWER', a.id, b.id, text));
    });

    improvement(
      'numbers and text inside a payload go out as they came in',
      'npm peer reads the payload and writes it anew',
      async (scope) => {
        const [a, b] = await scope.pair();
        for (const payload of ['1e400', '-0', '1.0', '{"10":1,"9":2}', '"\\uD800 \\u0041 \\/"']) {
          await scope.say(a, 'offer', `{"type":"OFFER","dst":"${b.id}","payload":${payload}}`);
          await b.expect(relayed('OFFER', a.id, b.id, payload));
        }
      },
    );

    both('letter case and one trailing slash do not matter', async (scope) => {
      const [a, b] = await scope.pair();
      for (const verb of ['OFFER', 'Offer/', 'offer?ts=1']) {
        assert.equal((await scope.say(a, verb, { type: 'OFFER', dst: b.id })).status, 200, verb);
        await b.expect(relayed('OFFER', a.id, b.id));
      }
    });

    // The head of a POST that is the last on its connection, but for its length.
    const headOf = (peer) =>
      `POST ${postTarget({ id: peer.id, verb: 'offer' })} HTTP/1.1\nHost: x\n` +
      'Content-Type: application/json\nConnection: close\n';

    both('a body may come in chunks', async (scope) => {
      const [a, b] = await scope.pair();
      const body = JSON.stringify({ type: 'OFFER', dst: b.id, payload: 1 });
      const chunks = [body.slice(0, 10), body.slice(10)]
        .map((chunk) => `${chunk.length.toString(16)}\n${chunk}\n`)
        .join('');
      const coding = 'Transfer-Encoding: chunked\n\n';
      const answer = await talk(scope.server, `${headOf(a)}${coding}${chunks}0\n\n`);
      assert.match(answer, /^HTTP\/1\.1 200 /);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
    });

    both('a client that asks whether to send the body is told to', async (scope) => {
      const [a, b] = await scope.pair();
      const body = JSON.stringify({ type: 'OFFER', dst: b.id, payload: 1 });
      const asking = `${headOf(a)}Content-Length: ${body.length}\nExpect: 100-continue\n\n`;
      const socket = dial(scope.server);
      let seen = '';
      socket.setEncoding('latin1').on('data', (data) => (seen += data));
      try {
        socket.write(asking.replaceAll('\n', '\r\n'));
        await until(() => seen.startsWith('HTTP/1.1 100 '), 'a 100');
        socket.write(body);
        await until(() => /HTTP\/1\.1 200 /.test(seen), 'the answer');
      } finally {
        socket.destroy();
      }
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
    });

    both('many on one connection keep their order', async (scope) => {
      const [a, b] = await scope.pair();
      const one = (i, more) => {
        const body = JSON.stringify({ type: 'CANDIDATE', dst: b.id, payload: i });
        const target = postTarget({ id: a.id, verb: 'candidate' });
        return (
          `POST ${target} HTTP/1.1\nHost: x\nContent-Type: application/json\n` +
          `Content-Length: ${body.length}\n${more}\n${body}`
        );
      };
      const last = one(19, 'Connection: close\n');
      const rest = Array.from({ length: 19 }, (_, i) => one(i, ''));
      const answer = await talk(scope.server, `${rest.join('')}${last}`);
      assert.equal(answer.match(/HTTP\/1\.1 200 OK\r\n/g).length, 20);
      for (let i = 0; i < 20; i += 1) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
    });

    both('many at once all arrive, each once', async (scope) => {
      const [a, b] = await scope.pair('stream');
      const numbers = Array.from({ length: 40 }, (_, i) => i);
      await Promise.all(numbers.map((i) => a.signal('CANDIDATE', b.id, i)));
      const seen = [];
      for (const _ of numbers) seen.push(JSON.parse(await b.next()).payload);
      assert.deepEqual(
        seen.sort((x, y) => x - y),
        numbers,
      );
      await b.fence();
    });

    both('a message to oneself is delivered', async (scope) => {
      const [a] = await scope.pair('stream');
      await a.signal('OFFER', a.id, 1);
      await a.expect(relayed('OFFER', a.id, a.id, '1'));
    });

    improvement('a body may lack its type: the verb tells', WHY_TYPE, async (scope) => {
      const [a, b] = await scope.pair();
      for (const type of TYPES) {
        const answer = await scope.say(a, type.toLowerCase(), { dst: b.id, payload: 1 });
        assert.equal(answer.status, 200);
        await b.expect(relayed(type, a.id, b.id, '1'));
      }
    });

    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON',
    ]) {
      both(`${type} is taken`, async (scope) => {
        const [a, b] = await scope.pair();
        const headers = { 'Content-Type': type };
        await scope.say(a, 'offer', { type: 'OFFER', dst: b.id, payload: '\u00e9' }, headers);
        await b.expect(relayed('OFFER', a.id, b.id, '"\u00e9"'));
      });
    }

    improvement('so is any other content type, and none', WHY_200, async (scope) => {
      const [a, b] = await scope.pair();
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense', null]) {
        const headers = type ? { 'Content-Type': type } : {};
        const answer = await scope.say(a, 'offer', { type: 'OFFER', dst: b.id }, headers);
        assert.equal(answer.status, 200, String(type));
        await b.expect(relayed('OFFER', a.id, b.id));
      }
    });

    both('a page may ask before whether it may post', async ({ server, name }) => {
      const target = postTarget({ id: name('nobody'), verb: 'candidate' });
      const answer = await request(server, 'OPTIONS', target, {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      });
      assert.equal(answer.status, 204);
      assert.ok(['*', ORIGIN].includes(answer.headers['access-control-allow-origin']));
      assert.match(answer.headers['access-control-allow-methods'], /\bPOST\b/);
      assert.equal(answer.headers['access-control-allow-headers'], 'content-type');
    });

    improvement(
      'and need not ask again for a day',
      'a client of npm peer asks before every message',
      async ({ server, name }) => {
        const target = postTarget({ id: name('nobody'), verb: 'candidate' });
        const answer = await request(server, 'OPTIONS', target, { Origin: ORIGIN });
        assert.equal(answer.headers['access-control-max-age'], '86400');
      },
    );
  },
  BOTH,
);
