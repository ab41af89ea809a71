// Messages by POST that are not taken: malformed, too large, of another type.

import assert from 'node:assert/strict';
import { dial } from '../support/dial.mjs';
import { STREAMING, suite } from '../support/suite.mjs';
import { post, postTarget } from '../support/stream.mjs';
import { get, relayed, within } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const BOTH = { kinds: STREAMING, concurrency: 4 };
const WHY_TYPE = 'npm peer relays what it is given, of any type or none';
const WHY_200 = 'npm peer says OK and drops it';

const limit = { peerjsd: ['--max_message_bytes', '100KiB'] }; // as npm peer has it

suite(
  'POST refused',
  limit,
  ({ both, improvement }) => {
    improvement(
      'a type that is not that of the verb is refused',
      WHY_TYPE,
      async (scope) => {
        const [a, b] = await scope.pair();
        for (const type of ['ANSWER', 'offer', 'LEAVE', 'OPEN', 'EXPIRE', 'HELLO', '', 1, null]) {
          const answer = await scope.say(a, 'offer', { type, dst: b.id, payload: { msg: 'x' } });
          assert.equal(answer.status, 400, String(type));
          assert.match(answer.body, /type/i);
        }
        await a.fence();
        await b.fence();
      },
      async (scope) => {
        const [a, b] = await scope.pair();
        await scope.say(a, 'offer', { type: 'EXPIRE', dst: b.id });
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
    );

    improvement(
      'the log tells of nonsense once a connection',
      'npm peer logs none of it',
      async (scope) => {
        const a = await scope.stream('a-');
        const socket = dial(scope.server);
        const request = `POST ${postTarget({ id: a.id, token: a.token, verb: 'offer' })} HTTP/1.1`;
        const lines = [request, 'Host: x', 'Content-Length: 8', '', 'nonsense'].join('\r\n');
        socket.end(lines.repeat(3));
        let answers = '';
        for await (const bytes of socket) answers += bytes;
        assert.equal(answers.match(/^HTTP\/1.1 400/gm).length, 3);
        const told = new RegExp(`Message dropped: not JSON .* posted for ${a.id},`, 'g');
        await scope.server.waitForLog(told);
        assert.equal(scope.server.log().match(told).length, 1);
      },
    );

    both('there are no other verbs', async (scope) => {
      const [a, b] = await scope.pair();
      for (const verb of ['expire', 'heartbeat', 'open', 'offers', 'offer/x', '%6fffer%']) {
        const answer = await scope.say(a, verb, { type: 'OFFER', dst: b.id });
        assert.ok([400, 404].includes(answer.status), `${verb}: ${answer.status}`);
      }
      assert.equal((await get(scope.server, postTarget({ id: a.id, verb: 'offer' }))).status, 404);
      await b.fence();
    });

    both('what is no JSON is a bad request', async (scope) => {
      const [a, b] = await scope.pair();
      for (const body of ['not json', '{"type":"OFFER"', '{"dst":"x",}', '42', '"text"', 'null']) {
        assert.equal((await scope.say(a, 'offer', body)).status, 400, body);
      }
      await a.fence();
      await b.fence();
    });

    improvement(
      'nothing, an array, or no dst is one too, and the answer says why',
      WHY_200,
      async (scope) => {
        const [a, b] = await scope.pair();
        for (const [body, why] of [
          ['not json', /JSON/],
          ['', /JSON|dst/],
          ['[]', /object/],
          [`["OFFER","${b.id}"]`, /object/],
          ['{}', /dst/],
          ['{"type":"OFFER","dst":""}', /dst/],
          ['{"type":"OFFER","dst":null}', /dst/],
        ]) {
          const answer = await scope.say(a, 'offer', body);
          assert.equal(answer.status, 400, body);
          assert.match(answer.body, why);
          assert.match(answer.headers['content-type'], /^text\/plain/);
        }
        await a.fence();
        await b.fence();
      },
      async (scope) => {
        const [a] = await scope.pair();
        for (const body of ['', '[]', '{}']) {
          assert.equal((await scope.say(a, 'offer', body)).status, 200, body);
        }
      },
    );

    improvement('a payload nested without end harms nobody', WHY_200, async (scope) => {
      const [a, b] = await scope.pair();
      const payload = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;
      const answer = await scope.say(a, 'offer', `{"dst":"${b.id}","payload":${payload}}`);
      assert.equal(answer.status, 400);
      await a.fence();
      await b.fence();
    });

    both('invalid UTF-8 does not break the receiver', async (scope) => {
      const [a, b] = await scope.pair();
      const [head, tail] = JSON.stringify({ type: 'OFFER', dst: b.id, payload: '#' }).split('#');
      const body = Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from(tail)]);
      const { status } = await scope.say(a, 'offer', body);
      if (status === 200) await b.expect(relayed('OFFER', a.id, b.id, '"\ufffd"'));
      else assert.equal(status, 400);
      await b.fence();
    });

    both('a body above the limit is refused, and the server goes on', async (scope) => {
      const [a, b] = await scope.pair();
      const body = { type: 'OFFER', dst: b.id, payload: 'x'.repeat(110_000) };
      const target = postTarget({ id: a.id, verb: 'offer' });
      const head = `POST ${target} HTTP/1.1\nHost: x\nContent-Type: application/json\n`;
      const chunk = `1ADB0\n${'x'.repeat(110_000)}\n0\n\n`;
      const chunked = await firstOf(scope.server, `${head}Transfer-Encoding: chunked\n\n${chunk}`);
      assert.match(chunked, /^HTTP\/1\.1 413 /);
      const headers = { 'Content-Type': 'application/json', Origin: ORIGIN };
      const answer = await scope.say(a, 'offer', body, headers);
      assert.equal(answer.status, 413);
      assert.ok(['*', ORIGIN].includes(answer.headers['access-control-allow-origin']));
      await a.fence();
      await b.fence();
    });

    improvement(
      'a body that is announced above the limit is not waited for',
      'npm peer reads it to its end, whatever its length',
      async (scope) => {
        const [a] = await scope.pair();
        const target = postTarget({ id: a.id, verb: 'offer' });
        const head = `POST ${target} HTTP/1.1\nHost: x\nContent-Length: 10000000000\n`;
        assert.match(await firstOf(scope.server, `${head}\n`), /^HTTP\/1\.1 413 /);
        const asking = await firstOf(scope.server, `${head}Expect: 100-continue\n\n`);
        assert.match(asking, /^HTTP\/1\.1 413 /);
        await a.fence();
      },
    );

    both('a body that never comes whole is nobody\u2019s message', async (scope) => {
      const [a, b] = await scope.pair();
      const body = JSON.stringify({ type: 'OFFER', dst: b.id, payload: 1 });
      const head =
        `POST ${postTarget({ id: a.id, verb: 'offer' })} HTTP/1.1\r\nHost: x\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length + 1}\r\n\r\n`;
      for (const end of ['destroy', 'resetAndDestroy']) {
        const socket = dial(scope.server);
        await new Promise((resolve) => socket.write(`${head}${body}`, resolve));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket[end]();
        await closed;
      }
      // One that comes later by a connection of its own, too, is the next to arrive.
      for (const payload of [2, 3]) {
        await scope.say(a, 'offer', { type: 'OFFER', dst: b.id, payload });
        await b.expect(relayed('OFFER', a.id, b.id, String(payload)));
      }
      await a.fence();
      await b.fence();
    });

    both('the page that posts may read the answer, whatever it is', async (scope) => {
      const [a, b] = await scope.pair();
      const message = { type: 'OFFER', dst: b.id };
      for (const [status, where, body] of [
        [200, {}, message],
        [401, { token: 'wrong' }, message],
        [401, { id: scope.name('nobody') }, message],
        [400, {}, 'not json'],
        [404, { verb: 'nonsense' }, message],
      ]) {
        const headers = { 'Content-Type': 'application/json', Origin: ORIGIN };
        const target = { id: a.id, token: a.token, verb: 'offer', ...where };
        const answer = await post(scope.server, target, body, headers);
        assert.equal(answer.status, status);
        assert.ok(['*', ORIGIN].includes(answer.headers['access-control-allow-origin']), status);
      }
    });
  },
  BOTH,
);

// What comes back first; a server may go on reading before it closes, or not.
async function firstOf(server, text) {
  const socket = dial(server);
  socket.on('error', () => {});
  try {
    const first = new Promise((resolve) => socket.once('data', resolve));
    socket.write(text.replaceAll('\n', '\r\n'));
    return String(await within(first, 'an answer'));
  } finally {
    socket.destroy();
  }
}
