// XHR streams under the limits and options of the server.

import assert from 'node:assert/strict';
import { STREAMING, suite } from '../support/suite.mjs';
import { post, postTarget } from '../support/stream.mjs';
import { errorText, relayed, request, until } from '../support/wire.mjs';

const FULL = errorText('Server has reached its concurrent user limit');
const BOTH = { kinds: STREAMING };
const ALONE = { kinds: ['peerjsd'] };

const limit = { peerjsd: ['--concurrent_limit', '2'], 'peer-0.2.10': { concurrent_limit: 2 } };

suite(
  'Streams on a full server',
  limit,
  ({ both, improvement }) => {
    both(
      'the third peer is refused, until one goes; who is there may change ways',
      async (scope) => {
        const a = await scope.stream('a-', { token: 'mine' });
        await scope.peer('b-');
        const id = scope.name('c');
        const refused = await post(scope.server, { id });
        assert.equal(refused.status, 200);
        assert.match(refused.body, /^\{"type":"(HTTP-)?ERROR"[^\n]*\}\n?$/);

        const again = scope.streaming({ id: a.id, token: 'mine', query: 'i=1' });
        await again.begin();
        await again.fence();
        const socket = scope.socket({ id: a.id, token: 'mine' });
        await socket.upgraded;
        await socket.fence();
        assert.match((await post(scope.server, { id })).body, /ERROR/);

        await socket.close(1000);
        await until(async () => {
          const attempt = scope.streaming({ id });
          await until(() => attempt.chunks.join('').includes('}'), 'an answer');
          if (attempt.chunks.join('').includes('OPEN')) return true;
          attempt.lose();
          return false;
        }, 'the third in the place of the first');
      },
    );

    improvement(
      'the refusal says what is wrong',
      'npm peer says HTTP-ERROR, which no client knows',
      async ({ start, stream }) => {
        const server = await start(['--concurrent_limit', '1']);
        await stream('a', { server });
        assert.equal((await post(server, { id: 'b' })).body.trimEnd(), FULL);
        const taken = await post(server, { id: 'a', token: 'x' });
        assert.equal(taken.body.trimEnd(), errorText('ID is taken'));
      },
    );
  },
  BOTH,
);

suite(
  'Streams under several keys',
  ['--key', 'red', '--key', 'blue', '--expire_timeout', '200'],
  ({ improvement }) => {
    improvement('do not know of each other', 'npm peer has one key', async (scope) => {
      const red = await scope.stream('same', { key: 'red', token: 'r' });
      const blue = await scope.stream('same', { key: 'blue', token: 'b' });
      const a = await scope.stream('a', { key: 'red' });
      await a.signal('OFFER', 'same', 1);
      await red.expect(relayed('OFFER', 'a', 'same', '1'));
      await blue.fence();

      const only = await scope.stream('only blue', { key: 'blue' });
      await a.signal('OFFER', 'only blue', 2);
      await a.expectJson({ type: 'EXPIRE', src: 'only blue', dst: 'a' });
      await only.fence();

      for (const [where, status] of [
        [{ key: 'red', token: 'b' }, 401],
        [{ key: 'green', token: 'r' }, 401],
        [{ key: 'blue', token: 'b' }, 200],
      ]) {
        const message = { type: 'CANDIDATE', dst: 'same', payload: 3 };
        const { server } = scope;
        const answer = await post(server, { ...where, id: 'same', verb: 'candidate' }, message);
        assert.equal(answer.status, status, where.key);
      }
      await blue.expect(relayed('CANDIDATE', 'same', 'same', '3'));

      red.lose();
      await a.expect(relayed('LEAVE', 'same', 'a'));
      await blue.fence();
      const refused = await post(scope.server, { key: 'red,blue', id: 'x' });
      assert.equal(refused.body.trimEnd(), errorText('Invalid key provided'));
    });
  },
  ALONE,
);

suite(
  'Slow readers of a stream',
  ['--send_queue_bytes', '256KiB'],
  ({ improvement }) => {
    const WHY = 'npm peer keeps whatever they do not take';
    const fill = 'x'.repeat(50_000);

    improvement('cost a sender what they do not take, and nobody else', WHY, async (scope) => {
      const a = await scope.peer('a-');
      const slow = await scope.stream('slow-');
      const [b, c] = [await scope.stream('b-'), await scope.peer('c-')];
      slow.socket.pause();
      let refused = false;
      const refusing = a.next().then((text) => {
        refused = true;
        assert.equal(text, JSON.stringify({ type: 'EXPIRE', src: slow.id, dst: a.id }));
      });
      for (let i = 0; !refused && i < 200; i += 1) {
        a.signal('CANDIDATE', slow.id, fill);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await refusing;
      c.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', c.id, b.id, '1'));
      await b.fence();
      await c.fence();
      slow.socket.resume();
      await slow.expect(relayed('CANDIDATE', a.id, slow.id, JSON.stringify(fill)));
      assert.equal(slow.end, null);
    });

    improvement('are not those for whom a burst waits its turn', WHY, async ({ stream, peer }) => {
      const a = await peer('a-');
      const b = await stream('b-');
      for (let i = 0; i < 4; i += 1) a.signal('CANDIDATE', b.id, fill);
      for (let i = 0; i < 4; i += 1)
        await b.expect(relayed('CANDIDATE', a.id, b.id, JSON.stringify(fill)));
      await b.fence();
    });
  },
  ALONE,
);

suite(
  'Streams with other options',
  ['--path', '/app', '--log_level', 'trace'],
  ({ improvement }) => {
    improvement(
      'are below the path',
      'the reference is started without one',
      async ({ server, stream, name }) => {
        const a = await stream('a-', { path: '/app' });
        await a.fence();
        assert.equal((await post(server, { id: name('b') })).status, 404);
        const outside = { id: a.id, verb: 'candidate' };
        assert.equal((await post(server, outside, { dst: a.id })).status, 404);
        await a.fence();
      },
    );

    improvement(
      'come and go in the log, and their tokens do not',
      'npm peer logs nothing of it',
      async ({ server, stream, streaming, socket, name }) => {
        const token = 'very-secret';
        const where = { path: '/app', id: name('logged'), token };
        const a = await stream(where.id, where);
        await server.waitForLog(new RegExp(`Client connected: ${a.id}\\b`));
        await a.fence();
        const message = { type: 'OFFER', dst: a.id };
        for (const [other, body] of [
          [{ token: 'secret-2' }, undefined],
          [{ key: 'wrong' }, undefined],
          [{ token: 'secret-2', verb: 'offer' }, message],
          [{ verb: 'answer' }, message],
          [{ verb: 'offer' }, 'not json'],
          [{ verb: 'offer' }, 'x'.repeat(3_000_000)],
          [{ verb: 'offer' }, `{"dst":1e,${token}`],
          [{ verb: 'nonsense' }, message],
          [{ path: '' }, undefined],
          [{ path: '/app/app', verb: 'offer' }, message],
        ]) {
          await post(server, { ...where, ...other }, body);
        }
        for (const target of ['/app/peerjs/a/secret%/id', '/app/peerjs/%/secret/offer']) {
          assert.equal((await post(server, target, message)).status, 400);
        }
        for (const method of ['GET', 'OPTIONS', 'PUT']) {
          await request(server, method, postTarget(where));
        }
        const again = streaming({ ...where, query: 'i=1' });
        await again.begin();
        const beside = socket({ ...where, path: '/app/peerjs' });
        await beside.upgraded;
        await again.expectEnded();
        await beside.close();
        const last = await stream(where.id, where);
        last.lose();
        await server.waitForLog(new RegExp(`(Client disconnected: ${a.id}\\b[^]*){2}`));
        assert.doesNotMatch(server.log(), /secret/);
      },
    );
  },
  ALONE,
);
