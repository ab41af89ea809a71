// Whom the server tells, and when, that a peer has gone. npm peer 1.0.2 never does.
//
// A page is a peer whose handshake has an Origin or a version, as those of browsers have; any other
// is native. For a page, an end without a code is disconnect(), which promises that calls live on,
// and a lost connection may come back.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { OPEN, partners, relayed, unregistered } from '../support/wire.mjs';

const WHY = 'npm peer tells nobody';

const asPeer = (scope, how = {}) => scope.peer('a-', how);
const NATIVE = [['native', {}]];
const PAGES = [
  ['page with an Origin', { origin: 'http://app.test' }],
  ['page with a version', { version: '1.5.5' }],
];

const closings = [
  ['a Close of 1001', (peer) => peer.close(1001)],
  ['a Close of 1000', (peer) => peer.close(1000)],
  ['a Close of 4321', (peer) => peer.close(4321)],
];

suite(
  'LEAVE',
  ['--allow_discovery', '--leave_grace', '300'],
  ({ improvement }) => {
    for (const [kind, how] of [...NATIVE, ...PAGES]) {
      for (const [end, act] of closings) {
        improvement(`${kind}: ${end} is told at once`, WHY, async (scope) => {
          const a = await asPeer(scope, how);
          const b = await scope.peer('b-');
          await partners(a, b);
          await act(a);
          await b.expect(relayed('LEAVE', a.id, b.id));
          await b.fence();
        });
      }
    }

    for (const [kind, how] of NATIVE) {
      improvement(`${kind}: a Close without a code is told at once`, WHY, async (scope) => {
        const a = await asPeer(scope, how);
        const b = await scope.peer('b-');
        await partners(a, b);
        await a.close();
        await b.expect(relayed('LEAVE', a.id, b.id));
        await b.fence();
      });

      for (const [end, act] of [
        ['FIN without a Close', (peer) => peer.socket.end()],
        ['RST', (peer) => peer.reset()],
        ['a frame error', (peer) => peer.send('unmasked', { masked: false })],
      ]) {
        improvement(`${kind}: ${end} is told at once`, WHY, async (scope) => {
          const a = await scope.mute('a-', how);
          const b = await scope.peer('b-');
          b.signal('OFFER', a.id, 1);
          await a.expect(relayed('OFFER', b.id, a.id, '1'));
          act(a);
          await b.expect(relayed('LEAVE', a.id, b.id));
          await b.fence();
        });
      }
    }

    for (const [kind, how] of PAGES) {
      improvement(`${kind}: a Close without a code is not told`, WHY, async (scope) => {
        const a = await asPeer(scope, how);
        const b = await scope.peer('b-');
        await partners(a, b);
        await a.close();
        await unregistered(scope.server, a);
        await b.fence();
      });

      improvement(`${kind}: a lost connection is told after the grace`, WHY, async (scope) => {
        const a = await asPeer(scope, how);
        const b = await scope.peer('b-');
        await partners(a, b);
        const start = performance.now();
        a.lose();
        await b.expect(relayed('LEAVE', a.id, b.id));
        const waited = performance.now() - start;
        assert.ok(waited >= 295, `LEAVE after ${waited} ms`);
        await b.fence();
      });
    }

    improvement('one who has only been called is told too', WHY, async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      await partners(b, a);
      await a.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });

    improvement('every kind of signal makes partners', WHY, async ({ peer }) => {
      for (const type of ['OFFER', 'ANSWER', 'CANDIDATE']) {
        const a = await peer('a-');
        const b = await peer('b-');
        a.signal(type, b.id, 1);
        await b.expect(relayed(type, a.id, b.id, '1'));
        await a.close(1001);
        await b.expect(relayed('LEAVE', a.id, b.id));
      }
    });

    improvement(
      'a signal that waited for its receiver makes partners',
      WHY,
      async ({ peer, socket, name }) => {
        const id = name('late');
        const a = await peer('a-');
        a.signal('OFFER', id, 1);
        await a.fence();
        const b = socket({ id });
        await b.expect(OPEN, relayed('OFFER', a.id, id, '1'));
        await a.close(1001);
        await b.expect(relayed('LEAVE', a.id, id));
      },
    );

    improvement('it is told once, after much talk in both directions', WHY, async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (let i = 0; i < 3; i += 1) {
        await partners(a, b);
        await partners(b, a);
      }
      await a.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });

    improvement('every partner is told, and nobody else', WHY, async ({ peer }) => {
      const a = await peer('a-');
      const others = await Promise.all(['b-', 'c-', 'd-'].map((id) => peer(id)));
      const stranger = await peer('stranger-');
      for (const other of others) await partners(a, other);
      await a.close(1001);
      for (const other of others) {
        await other.expect(relayed('LEAVE', a.id, other.id));
        await other.fence();
      }
      await stranger.fence();
    });

    improvement('it comes after everything the gone peer had sent', WHY, async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (let i = 0; i < 100; i += 1) a.signal('CANDIDATE', b.id, i);
      a.close(1001);
      for (let i = 0; i < 100; i += 1) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });

    improvement(
      'a LEAVE between clients counts: no second one follows',
      WHY,
      async ({ server, peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        await partners(a, b);
        a.signal('LEAVE', b.id);
        await b.expect(relayed('LEAVE', a.id, b.id));
        await a.close(1001);
        await unregistered(server, a);
        await b.fence();
      },
    );

    improvement('after such a LEAVE they may be partners again', WHY, async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      await partners(a, b);
      a.signal('LEAVE', b.id);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await partners(b, a);
      await a.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });

    improvement('what is not relayed makes no partners', WHY, async ({ server, peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      a.send({ type: 'HEARTBEAT', dst: b.id });
      a.send({ type: 'NONSENSE', dst: b.id });
      await a.fence();
      await a.close(1001);
      await unregistered(server, a);
      await b.fence();
    });

    improvement(
      'a partner that has gone is not told later',
      WHY,
      async ({ server, peer, claim }) => {
        const a = await peer('a-');
        const b = await peer('b-', { token: 'first' });
        await partners(a, b);
        await b.close(1001);
        await a.expect(relayed('LEAVE', b.id, a.id));
        await unregistered(server, b);
        const next = await claim(b.id, { token: 'second' });
        await a.close(1001);
        await unregistered(server, a);
        await next.fence();
      },
    );

    improvement(
      'the next owner of an id inherits no partners',
      WHY,
      async ({ server, peer, claim }) => {
        const a = await peer('a-', { token: 'first' });
        const b = await peer('b-');
        await partners(a, b);
        await a.close(1001);
        await b.expect(relayed('LEAVE', a.id, b.id));
        const next = await claim(a.id, { token: 'second' });
        await next.close(1001);
        await unregistered(server, next);
        await b.fence();
      },
    );

    improvement('a refused intruder is no end of anybody', WHY, async ({ peer, socket }) => {
      const a = await peer('a-', { token: 'mine' });
      const b = await peer('b-');
      await partners(a, b);
      const intruder = socket({ id: a.id, token: 'theirs' });
      await intruder.expectJson({ type: 'ID-TAKEN', payload: { msg: 'ID is taken' } });
      await intruder.expectClosed();
      await a.fence();
      await b.fence();
    });

    improvement('two who leave together are no trouble', WHY, async ({ server, peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const c = await peer('c-');
      await partners(a, b);
      await partners(b, c);
      a.lose();
      b.lose();
      await c.expect(relayed('LEAVE', b.id, c.id));
      await unregistered(server, a);
      await c.fence();
    });
  },
  { kinds: ['peerjsd'], concurrency: 2 },
);

suite(
  'LEAVE with a long grace',
  ['--allow_discovery', '--leave_grace', '60000'],
  ({ improvement }) => {
    // The connection is lost, and the server knows it.
    async function lose({ server }, peer) {
      peer.lose();
      await server.waitForLog(new RegExp(`^.*\\b${peer.id}\\b.*lost`, 'm'));
    }

    improvement('a page that returns within the grace was never away', WHY, async (scope) => {
      const a = await scope.page('a-');
      const b = await scope.peer('b-');
      await partners(a, b);
      await lose(scope, a);
      const again = await scope.page(a.id);
      await again.fence();
      await b.fence();

      await again.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });

    improvement('what is sent to it meanwhile waits for it', WHY, async (scope) => {
      const a = await scope.page('a-');
      const b = await scope.peer('b-');
      await partners(a, b);
      await lose(scope, a);
      b.signal('ANSWER', a.id, 1);
      b.signal('CANDIDATE', a.id, 2);
      await b.fence();
      const again = scope.socket({ id: a.id, origin: 'http://app.test' });
      await again.expect(
        OPEN,
        relayed('ANSWER', b.id, a.id, '1'),
        relayed('CANDIDATE', b.id, a.id, '2'),
      );
      await again.fence();
    });

    improvement('its id is kept for its token', WHY, async (scope) => {
      const a = await scope.page('a-', { token: 'mine' });
      await lose(scope, a);
      const other = scope.socket({ id: a.id, token: 'theirs' });
      await other.expectJson({ type: 'ID-TAKEN', payload: { msg: 'ID is taken' } });
      const again = await scope.page(a.id, { token: 'mine' });
      await again.fence();
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'LEAVE when --leave_grace is 0',
  ['--leave_grace', '0'],
  ({ improvement }) => {
    improvement('a page that is lost is told at once', WHY, async ({ page, peer }) => {
      const a = await page('a-');
      const b = await peer('b-');
      await partners(a, b);
      a.lose();
      await b.expect(relayed('LEAVE', a.id, b.id));
      await b.fence();
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'LEAVE with --leave always',
  ['--leave', 'always', '--leave_grace', '60000'],
  ({ improvement }) => {
    for (const [kind, how] of [...NATIVE, ...PAGES]) {
      for (const [end, act] of [
        ['a Close without a code', (peer) => peer.close()],
        ['a Close of 1001', (peer) => peer.close(1001)],
        ['a lost connection', (peer) => peer.lose()],
      ]) {
        improvement(`${kind}: ${end} is told at once`, WHY, async (scope) => {
          const a = await asPeer(scope, how);
          const b = await scope.peer('b-');
          await partners(a, b);
          await act(a);
          await b.expect(relayed('LEAVE', a.id, b.id));
          await b.fence();
        });
      }
    }
  },
  { kinds: ['peerjsd'] },
);

const never = { peerjsd: ['--leave', 'never', '--allow_discovery'], peer: ['--allow_discovery'] };
suite('LEAVE with --leave never, as in npm peer', never, ({ both }) => {
  for (const [end, act] of [
    ['a Close without a code', (peer) => peer.close()],
    ['a Close of 1001', (peer) => peer.close(1001)],
    ['a lost connection', (peer) => peer.lose()],
  ]) {
    both(`${end} is told to nobody`, async (scope) => {
      for (const how of [{}, { origin: 'http://app.test' }]) {
        const a = await asPeer(scope, how);
        const b = await scope.peer('b-');
        await partners(a, b);
        await act(a);
        await unregistered(scope.server, a);
        await b.fence();
      }
    });
  }

  both('a LEAVE between clients passes all the same', async ({ peer }) => {
    const a = await peer('a-');
    const b = await peer('b-');
    await partners(a, b);
    a.signal('LEAVE', b.id, { why: 'bye' });
    await b.expect(relayed('LEAVE', a.id, b.id, '{"why":"bye"}'));
  });
});
