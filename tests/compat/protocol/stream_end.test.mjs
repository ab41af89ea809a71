// The end of an XHR stream is that of its peer.

import assert from 'node:assert/strict';
import { STREAMING, suite } from '../support/suite.mjs';
import { partners, payloadOf, relayed, unregistered } from '../support/wire.mjs';

const ORIGIN = 'http://app.test';
const options = {
  peerjsd: ['--allow_discovery', '--takeover_probe', '60000'],
  'peer-0.2.10': { allow_discovery: true },
};

suite(
  'End of a stream',
  options,
  ({ both, improvement }) => {
    for (const [how, drop] of [
      ['dropped', (stream) => stream.lose()],
      ['reset', (stream) => stream.reset()],
    ]) {
      for (const [kind, origin] of [
        ['a page', ORIGIN],
        ['native', undefined],
      ]) {
        both(`the id is free at once when ${kind}'s stream is ${how}`, async (scope) => {
          const a = await scope.stream('a-', { token: 'mine', origin });
          drop(a);
          const next = await scope.claim(a.id, { token: 'theirs' });
          await next.fence();
        });

        improvement(
          `partners are told at once when ${kind}'s stream is ${how}`,
          'npm peer tells nobody of any end',
          async (scope) => {
            const a = await scope.stream('a-', { origin });
            const b = await scope.peer('b-');
            const c = await scope.stream('c-');
            const stranger = await scope.peer('stranger-');
            await partners(a, b);
            await partners(c, a);
            drop(a);
            await b.expect(relayed('LEAVE', a.id, b.id));
            await c.expect(relayed('LEAVE', a.id, c.id));
            for (const one of [b, c, stranger]) await one.fence();
          },
          async (scope) => {
            const a = await scope.stream('a-', { origin });
            const b = await scope.peer('b-');
            await partners(a, b);
            drop(a);
            await unregistered(scope.server, a);
            await b.fence();
          },
        );
      }
    }

    improvement(
      'LEAVE comes on a stream after everything the gone peer had sent',
      'npm peer tells nobody of any end',
      async (scope) => {
        const a = await scope.peer('a-');
        const b = await scope.stream('b-');
        for (let i = 0; i < 10; i += 1) a.signal('CANDIDATE', b.id, i);
        await a.close(1001);
        for (let i = 0; i < 10; i += 1) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
        await b.expect(relayed('LEAVE', a.id, b.id));
        await b.fence();
      },
    );

    both('messages posted after it are refused', async (scope) => {
      const a = await scope.stream('a-');
      const b = await scope.peer('b-');
      a.lose();
      await unregistered(scope.server, a);
      assert.equal((await a.post('offer', { type: 'OFFER', dst: b.id })).status, 401);
      await b.fence();
    });

    both('a peer that comes back by a stream has an OPEN', async (scope) => {
      const old = await scope.stream('a-');
      old.lose();
      await unregistered(scope.server, old);
      for (const query of ['i=0', 'i=1']) {
        const a = await scope.stream(old.id, { query });
        await a.fence();
        a.lose();
        await unregistered(scope.server, a);
      }
    });

    improvement(
      'SIGTERM ends every stream as a whole, after what waited, and tells no partner',
      'npm peer does not end while somebody is connected',
      async (scope) => {
        const server = await scope.start([]);
        const a = await scope.stream('a', { server });
        const b = await scope.stream('b', { server, http: '1.0' });
        const c = await scope.peer('c', { server });
        await partners(a, b);
        for (let i = 0; i < 10; i += 1) c.signal('CANDIDATE', 'a', i);
        await c.fence();
        const end = server.stop();
        assert.deepEqual(
          (await a.rest()).map(payloadOf),
          Array.from({ length: 10 }, (_, i) => i),
        );
        await b.expectEnded();
        assert.equal((await c.expectClosed()).code, 1012);
        assert.deepEqual(await end, { code: 0, signal: null });
      },
    );
  },
  { kinds: STREAMING, concurrency: 4 },
);
