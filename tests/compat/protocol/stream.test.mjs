// The XHR stream of PeerJS 0.3.x: how it opens, is refused, and carries messages. npm peer 0.2.10 is
// the last that had it.

import assert from 'node:assert/strict';
import { httpOf, keepAliveAgent } from '../support/dial.mjs';
import { STREAMING, suite } from '../support/suite.mjs';
import { PADDING, post, postTarget } from '../support/stream.mjs';
import { errorText, listed, OPEN, relayed, request, until, within } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const BOTH = { kinds: STREAMING };

const discovery = { peerjsd: ['--allow_discovery'], 'peer-0.2.10': { allow_discovery: true } };

suite(
  'Stream',
  discovery,
  ({ both, improvement }) => {
    both('padding and OPEN come at once, as lines, in chunks', async ({ streaming, name }) => {
      const a = streaming({ id: name('a') });
      await a.open();
      assert.equal(a.answer.headers['content-type'], 'application/octet-stream');
      assert.equal(a.answer.headers['transfer-encoding'], 'chunked');
      assert.equal(a.answer.headers['content-length'], undefined);
      assert.equal(a.chunks.join(''), `${PADDING}\n${OPEN}\n`);
      await a.fence();
    });

    both('HTTP/1.0 gets it without chunks', async ({ streaming, peer, name }) => {
      for (const headers of [['Content-Length: 0'], [], ['Connection: keep-alive']]) {
        const a = streaming({ id: name('a'), http: '1.0', headers });
        await a.open();
        assert.equal(a.answer.headers['transfer-encoding'], undefined);
        assert.equal(a.answer.headers['content-length'], undefined);
        assert.doesNotMatch(a.answer.headers.connection ?? '', /keep-alive/i, 'it has no end');
        await a.fence();
        const b = await peer('b-');
        b.signal('OFFER', a.id, 1);
        await a.expect(relayed('OFFER', b.id, a.id, '1'));
      }
    });

    both('a body, or none, and the query do not matter', async ({ streaming, name }) => {
      for (const options of [
        { headers: [] }, // curl -X POST
        { headers: ['Content-Length: 0'], query: 'i=0' },
        { headers: ['Content-Length: 0'], query: 'ts=1&i=' },
        { headers: ['Content-Length: 0'], query: 'i=3' },
        { headers: ['Content-Length: 0', 'Content-Type: application/json'] },
        { headers: ['Content-Length: 4'], body: '{"a"' },
        { headers: ['Transfer-Encoding: chunked'], body: '3\r\nabc\r\n0\r\n\r\n' },
      ]) {
        const a = streaming({ id: name('a'), ...options });
        await a.open();
        await a.fence();
      }
    });

    both('letter case and one trailing slash do not matter', async ({ streaming, name }) => {
      for (const verb of ['ID', 'Id/', 'id/']) {
        const a = streaming({ id: name('a'), verb });
        await a.open();
        a.options.verb = 'id';
        await a.fence();
      }
    });

    both('only a POST opens one', async ({ server, stream, name }) => {
      const id = name('a');
      const target = postTarget({ id });
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        assert.equal((await request(server, method, target)).status, 404, method);
      }
      for (const wrong of [`/peerjs/${id}/id`, `/peerjs/${id}/t/t/id`, '/id', `/x${target}`]) {
        assert.equal((await post(server, wrong)).status, 404, wrong);
      }
      const a = await stream('a-');
      assert.deepEqual(
        (await listed(server)).filter((other) => [id, a.id].includes(other)),
        [a.id],
      );
    });

    both('the page that asked may read it', async ({ streaming, server, name }) => {
      const a = streaming({ id: name('a'), origin: ORIGIN });
      await a.open();
      const allowed = a.answer.headers['access-control-allow-origin'];
      assert.ok(allowed === '*' || allowed === ORIGIN, allowed);
      const preflight = await request(server, 'OPTIONS', postTarget({ id: a.id }), {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'POST',
      });
      assert.equal(preflight.status, 204);
      assert.match(preflight.headers['access-control-allow-methods'], /\bPOST\b/);
    });

    improvement(
      'nothing on the way may hold it back or keep it',
      'npm peer says nothing of that, and nginx waits for a buffer full',
      async ({ streaming, name }) => {
        for (const http of ['1.1', '1.0']) {
          const a = streaming({ id: name('a'), origin: ORIGIN, http });
          await a.open();
          assert.equal(a.answer.headers['x-accel-buffering'], 'no');
          assert.equal(a.answer.headers['cache-control'], 'no-store');
          assert.equal(a.answer.headers['access-control-allow-origin'], ORIGIN);
          assert.match(a.answer.headers.vary, /\bOrigin\b/);
        }
      },
      async ({ stream }) => {
        const a = await stream('a-');
        assert.equal(a.answer.headers['x-accel-buffering'], undefined);
        assert.equal(a.answer.headers['cache-control'], undefined);
      },
    );

    both('a connection that has served other requests may carry it', async (scope) => {
      const { server, peer } = scope;
      const id = scope.name('a');
      const b = await peer('b-');
      const agent = keepAliveAgent(server);
      const ask = (method, path) =>
        new Promise((resolve, reject) => {
          const { host, port } = server;
          const call = httpOf(server).request({ host, port, method, path, agent }, resolve);
          call.on('error', reject).end();
        });
      try {
        const first = await within(ask('GET', '/peerjs/id'), 'the answer to the first request');
        const { localPort } = first.socket;
        await within(new Promise((resolve) => first.on('end', resolve).resume()), 'its end');
        const stream = await within(ask('POST', postTarget({ id })), 'the stream');
        assert.equal(stream.socket.localPort, localPort);
        let text = '';
        stream.setEncoding('utf8').on('data', (data) => (text += data));
        await until(() => text === `${PADDING}\n${OPEN}\n`, 'OPEN');
        b.signal('OFFER', id, 1);
        await until(() => text.endsWith(`${relayed('OFFER', b.id, id, '1')}\n`), 'the message');
      } finally {
        agent.destroy();
      }
    });

    both('a taken id is refused, and its owner notices nothing', async (scope) => {
      for (const kind of ['stream', 'peer']) {
        const owner = await scope[kind]('a-', { token: 'mine' });
        const refused = await post(scope.server, { id: owner.id, token: 'theirs' });
        assert.equal(refused.status, 200);
        assert.match(refused.body, /^(0{2048}\n)?\{"type":"(HTTP-)?ERROR"[^\n]*\}\n?$/);
        await owner.fence();
        const friend = await scope.peer('b-');
        friend.signal('OFFER', owner.id, 1);
        await owner.expect(relayed('OFFER', friend.id, owner.id, '1'));
      }
    });

    both('a wrong key is refused', async ({ server, name }) => {
      const id = name('a');
      for (const key of ['wrong', 'PEERJS', '__proto__', 'constructor']) {
        const refused = await post(server, { key, id });
        assert.equal(refused.status, 200);
        assert.match(refused.body, /^\{"type":"(HTTP-)?ERROR"[^\n]*\}\n?$/);
      }
      assert.ok(!(await listed(server)).includes(id));
    });

    improvement(
      'a refusal is the whole body, with the texts of the WebSocket',
      'HTTP-ERROR is known to no client; an ERROR after padding makes 0.3.x tell a wrong reason',
      async ({ server, stream, name }) => {
        const owner = await stream('a-', { token: 'mine' });
        const id = name('b');
        for (const [where, msg] of [
          [{ id: owner.id, token: 'theirs' }, 'ID is taken'],
          [{ id, key: 'wrong' }, 'Invalid key provided'],
          [{ id: owner.id, token: 'theirs', key: 'wrong' }, 'Invalid key provided'],
          [{ id: owner.id, token: 'theirs', query: 'i=1' }, 'ID is taken'],
        ]) {
          const refused = await post(server, where, undefined, { Origin: ORIGIN });
          assert.equal(refused.status, 200);
          assert.equal(refused.body.trimEnd(), errorText(msg));
          assert.equal(refused.headers['access-control-allow-origin'], ORIGIN);
        }
      },
      async ({ server, stream, name }) => {
        const owner = await stream('a-', { token: 'mine' });
        const taken = await post(server, { id: owner.id, token: 'theirs' });
        assert.equal(taken.body, `${PADDING}\n{"type":"HTTP-ERROR"}`);
        const wrong = await post(server, { id: name('b'), key: 'wrong' });
        assert.equal(wrong.body, '{"type":"HTTP-ERROR"}');
      },
    );

    both('a broken percent escape is a bad request', async ({ server }) => {
      for (const target of ['/%zz/a/t/id', '/peerjs/a%/t/id', '/peerjs/a/%e3%8/id']) {
        assert.equal((await post(server, target)).status, 400, target);
        const message = target.replace('/id', '/offer');
        assert.equal((await post(server, message, { dst: 'x' })).status, 400, message);
      }
    });

    const ODD = ['a b', 'a+b', 'a/b', '100%', '?x=1&id=y#', '"\\', '\u3042\u{1f600}', ' ', '-'];
    both(
      'odd ids and tokens may be written with escapes',
      async ({ stream, peer, server, name }) => {
        const friend = await peer('friend-');
        for (const odd of ODD) {
          const a = await stream(`${name('')}${odd}.`, { token: odd });
          await a.fence();
          await a.signal('OFFER', friend.id, 1);
          await friend.expect(relayed('OFFER', a.id, friend.id, '1'));
          friend.signal('ANSWER', a.id, 2);
          await a.expect(relayed('ANSWER', friend.id, a.id, '2'));
          assert.ok((await listed(server)).includes(a.id));
          const other = await post(server, { id: a.id, token: `${odd}x`, verb: 'offer' }, {});
          assert.equal(other.status, 401);
        }
      },
    );

    both('a plus in a path is a plus', async ({ streaming, peer, server, name }) => {
      const id = name('a+b');
      const a = streaming({ id, target: `/peerjs/${id}/t+t/id` });
      await a.open();
      const b = await peer('b-');
      b.signal('OFFER', id, 1);
      await a.expect(relayed('OFFER', b.id, id, '1'));
      const where = { id, token: 't+t', verb: 'answer' };
      assert.equal((await post(server, where, { type: 'ANSWER', dst: b.id })).status, 200);
    });

    improvement(
      'ids that look like parts of objects are ids like others',
      'npm peer finds them taken',
      async ({ stream, peer }) => {
        for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
          const a = await stream(id, { token: id });
          const b = await peer('b-');
          await a.signal('OFFER', b.id, 1);
          await b.expect(relayed('OFFER', id, b.id, '1'));
          await a.fence();
        }
      },
      async ({ server }) => {
        assert.match((await post(server, { id: 'constructor' })).body, /HTTP-ERROR/);
      },
    );

    both('the peers on streams are listed like others', async ({ stream, peer, server }) => {
      const a = await stream('a-');
      const b = await peer('b-');
      const ids = await listed(server);
      assert.ok(ids.includes(a.id) && ids.includes(b.id));
    });
  },
  BOTH,
);
