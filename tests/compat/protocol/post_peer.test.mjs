// Who may post a message, and the end of those who post LEAVE.

import assert from 'node:assert/strict';
import { httpOf, keepAliveAgent } from '../support/dial.mjs';
import { STREAMING, suite } from '../support/suite.mjs';
import { post, postTarget } from '../support/stream.mjs';
import { relayed, talk, within } from '../support/wire.mjs';

const RETRY_MS = 25;

suite(
  'Poster',
  {},
  ({ both, improvement }) => {
    both(
      'nobody, a wrong token or a wrong key is unauthorized',
      async ({ server, stream, peer, name }) => {
        for (const a of [
          await stream('a-', { token: 'mine' }),
          await peer('a-', { token: 'mine' }),
        ]) {
          const b = await peer('b-');
          for (const where of [
            { id: name('nobody') },
            { id: a.id, token: 'theirs' },
            { id: a.id, token: 'MINE' },
            { id: a.id, token: 'min' },
            { id: a.id, token: 'mine', key: 'other' },
          ]) {
            for (const verb of ['offer', 'leave']) {
              const message = { type: verb.toUpperCase(), dst: b.id };
              const answer = await post(server, { ...where, verb }, message);
              assert.equal(answer.status, 401, JSON.stringify(where));
              assert.equal(answer.body, 'Unauthorized');
              assert.match(answer.headers['content-type'], /^text\/plain/);
            }
            const leave = await post(server, { ...where, verb: 'leave' }, { type: 'LEAVE' });
            assert.equal(leave.status, 401);
          }
          await a.fence();
          await b.fence();
        }
      },
    );

    improvement(
      'so is a name that is part of every object',
      'npm peer takes __proto__ for a peer of any token',
      async ({ server, peer }) => {
        const b = await peer('b-');
        for (const name of ['__proto__', 'constructor']) {
          for (const where of [{ id: name }, { id: name, key: name }, { id: b.id, key: name }]) {
            const message = { type: 'OFFER', dst: b.id };
            assert.equal((await post(server, { ...where, verb: 'offer' }, message)).status, 401);
          }
        }
        await b.fence();
      },
      async ({ server, peer }) => {
        const b = await peer('b-');
        const message = { type: 'OFFER', dst: b.id };
        await post(server, { id: '__proto__', verb: 'offer' }, message);
        await b.expect(relayed('OFFER', '__proto__', b.id));
      },
    );

    // On a connection that is there already, so that the time is the server's.
    async function timed(server, where) {
      const agent = keepAliveAgent(server);
      const body = '{"type":"OFFER","dst":"x"}';
      const ask = () =>
        new Promise((resolve, reject) => {
          const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
          const path = postTarget(where);
          const { host, port } = server;
          const call = httpOf(server).request({ host, port, method: 'POST', path, headers, agent });
          call.on('response', (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode));
          });
          call.on('error', reject).end(body);
        });
      try {
        await within(ask(), 'the first answer');
        const start = performance.now();
        const status = await within(ask(), 'the second answer');
        return [status, performance.now() - start];
      } finally {
        agent.destroy();
      }
    }

    both('it is only said after a second look', async ({ server, name }) => {
      for (const where of [{ id: name('nobody') }, { id: name('nobody'), key: 'other' }]) {
        const [status, ms] = await timed(server, { ...where, verb: 'offer' });
        assert.equal(status, 401);
        assert.ok(ms >= RETRY_MS - 1, `${ms} ms`);
      }
    });

    both(
      'what comes after it on the same connection is answered, too',
      async ({ server, name }) => {
        const body = '{"type":"OFFER","dst":"x"}';
        const refused =
          `POST ${postTarget({ id: name('nobody'), verb: 'offer' })} HTTP/1.1\nHost: x\n` +
          `Content-Type: application/json\nContent-Length: ${body.length}\n\n${body}`;
        const last = 'GET /peerjs/id HTTP/1.1\nHost: x\nConnection: close\n\n';
        const answer = await talk(server, `${refused}${refused}${last}`);
        assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), [
          'HTTP/1.1 401',
          'HTTP/1.1 401',
          'HTTP/1.1 200',
        ]);
      },
    );

    improvement(
      'even of a wrong token',
      'npm peer only looks twice for the id',
      async ({ server, stream }) => {
        const a = await stream('a-', { token: 'mine' });
        const [status, ms] = await timed(server, { id: a.id, token: 'theirs', verb: 'offer' });
        assert.equal(status, 401);
        assert.ok(ms >= RETRY_MS - 1, `${ms} ms`);
      },
    );

    both(
      'a message may overtake the stream of its sender',
      async ({ server, streaming, peer, name }) => {
        const b = await peer('b-');
        let taken = 0;
        // On a busy machine a stream may come later than it should, hence more than one try.
        for (let i = 0; taken < 3 && i < 60; i += 1) {
          const id = name('a');
          const message = { type: 'OFFER', dst: b.id, payload: i };
          const answer = post(server, { id, verb: 'offer' }, message);
          await new Promise((resolve) => setTimeout(resolve, 5));
          const a = streaming({ id });
          await a.open();
          if ((await answer).status !== 200) continue;
          await b.expect(relayed('OFFER', id, b.id, String(i)));
          taken += 1;
        }
        assert.equal(taken, 3);
        await b.fence();
      },
    );

    both(
      'a peer whose WebSocket has just opened may have posts under way',
      async ({ stream, socket, peer }) => {
        const a = await stream('a-');
        const b = await peer('b-');
        const posts = Array.from({ length: 10 }, (_, i) => a.signal('CANDIDATE', b.id, i));
        const ws = socket({ id: a.id });
        await ws.upgraded;
        posts.push(...Array.from({ length: 10 }, (_, i) => a.signal('CANDIDATE', b.id, 10 + i)));
        await Promise.all(posts);
        const seen = [];
        for (const _ of posts) seen.push(JSON.parse(await b.next()).payload);
        assert.deepEqual(
          seen.sort((x, y) => x - y),
          Array.from({ length: 20 }, (_, i) => i),
        );
        await ws.fence();
        await b.fence();
      },
    );

    for (const kind of ['stream', 'peer']) {
      both(`LEAVE without a dst gives the id up (${kind})`, async (scope) => {
        const a = await scope[kind]('a-', { token: 'mine' });
        const where = { id: a.id, token: 'mine', verb: 'leave' };
        const answer = await post(scope.server, where, { type: 'LEAVE' });
        assert.deepEqual([answer.status, answer.body], [200, 'OK']);
        const next = await scope.claim(a.id, { token: 'theirs' });
        await next.fence();
      });

      improvement(
        `LEAVE without a dst ends the connection too, and partners are told (${kind})`,
        'npm peer leaves it hanging, and tells nobody',
        async (scope) => {
          for (const body of [{ type: 'LEAVE' }, {}, { type: 'LEAVE', dst: '' }, undefined]) {
            const a = await scope[kind]('a-');
            const b = await scope.stream('b-');
            const c = await scope.peer('c-');
            await a.signal('OFFER', b.id, 1);
            await b.expect(relayed('OFFER', a.id, b.id, '1'));
            c.signal('OFFER', a.id, 2);
            await a.expect(relayed('OFFER', c.id, a.id, '2'));
            assert.equal((await post(scope.server, { id: a.id, verb: 'leave' }, body)).status, 200);
            await (kind === 'stream' ? a.expectEnded() : a.expectClosed());
            await b.expect(relayed('LEAVE', a.id, b.id));
            await c.expect(relayed('LEAVE', a.id, c.id));
            await b.fence();
            await c.fence();
          }
        },
      );
    }

    improvement(
      'what waited comes before the end that LEAVE makes',
      'npm peer writes all lines at once, too fast for its clients',
      async ({ stream, peer }) => {
        const a = await stream('a-');
        const b = await peer('b-');
        for (let i = 0; i < 5; i += 1) b.signal('CANDIDATE', a.id, i);
        await b.fence();
        assert.equal((await a.post('leave', { type: 'LEAVE' })).status, 200);
        assert.deepEqual(
          (await a.rest()).map((line) => JSON.parse(line).payload),
          [0, 1, 2, 3, 4],
        );
      },
    );

    improvement(
      'a LEAVE between clients counts: no second one follows',
      'npm peer tells nobody of any end',
      async ({ stream, peer, claim }) => {
        const a = await stream('a-');
        const b = await peer('b-');
        await a.signal('OFFER', b.id, 1);
        await a.signal('LEAVE', b.id);
        await b.expect(relayed('OFFER', a.id, b.id, '1'), relayed('LEAVE', a.id, b.id));
        a.lose();
        const next = await claim(a.id, { token: 'theirs' });
        await next.fence();
        await b.fence();
      },
    );
  },
  { kinds: STREAMING, concurrency: 4 },
);
