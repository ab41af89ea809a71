// Who counts as alive, and what happens to those who do not.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { ID_TAKEN, OPEN, relayed, until } from '../support/wire.mjs';

const SHORT = {
  peerjsd: ['--alive_timeout', '1000', '--ping_interval', '200'],
  peer: ['--alive_timeout', '1000'],
};
const PINGS = 8; // at 200 ms each they last well over alive_timeout

// Waits until a peer that answers nothing by itself has been pinged so often; `act` follows each.
async function pings(peer, count, act = () => {}) {
  for (let seen = 0; seen < count;) {
    const frame = await peer.frame();
    assert.ok(frame, `${peer.id} was ended after ${seen} pings`);
    assert.notEqual(frame.opcode, 8, `${peer.id} was closed after ${seen} pings`);
    if (frame.opcode !== 9) continue;
    seen += 1;
    act(frame);
  }
}

suite(
  'Liveness',
  SHORT,
  ({ both, improvement }) => {
    both(
      'a peer that gives no sign of life is ended, and its id is free',
      async ({ mute, claim }) => {
        const a = await mute('a-', { token: 'mine' });
        const start = performance.now();
        await a.ending();
        const waited = performance.now() - start;
        assert.ok(waited >= 900, `ended after ${waited} ms`);
        const next = await claim(a.id, { token: 'theirs' });
        await next.fence();
      },
    );

    both('a peer that sends HEARTBEAT stays', async ({ peer, kind }) => {
      const a = await peer('a-');
      const end = performance.now() + 2000;
      while (performance.now() < end) {
        a.send({ type: 'HEARTBEAT' });
        await a.fence();
        assert.equal(a.end, undefined, kind);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await a.fence();
    });

    improvement(
      'a peer that only answers pings stays',
      'npm peer throws out background tabs and all 0.3.x clients',
      async ({ peer }) => {
        const a = await peer('a-');
        await until(() => a.pings >= PINGS, `${PINGS} pings`);
        await a.fence();
        assert.equal(a.end, undefined);
      },
      async ({ peer }) => {
        const a = await peer('a-');
        assert.equal((await a.expectClosed()).code, 1005);
      },
    );

    improvement(
      'a HEARTBEAT counts from a peer that answers no pings, and its absence too',
      'npm peer sends no pings',
      async ({ mute, peer }) => {
        const a = await mute('a-');
        const b = await peer('b-');
        b.signal('OFFER', a.id, 1);
        await a.expect(relayed('OFFER', b.id, a.id, '1'));
        await pings(a, PINGS, () => a.send('{"type":"HEARTBEAT"}'));
        await b.fence();
        await a.ending();
        await b.expect(relayed('LEAVE', a.id, b.id));
        await b.fence();
      },
    );

    improvement('any frame counts', 'only HEARTBEAT does for npm peer', async ({ mute }) => {
      for (const [payload, opcode] of [
        ['{"type":"UNKNOWN"}', 1],
        ['not json', 2],
        ['', 9],
        ['unasked', 10],
      ]) {
        const a = await mute('a-');
        await pings(a, PINGS, () => a.send(payload, { opcode }));
        a.lose();
      }
    });

    improvement(
      'partners are told of one that fell silent, page or not',
      'npm peer tells nobody',
      async ({ mute, peer }) => {
        const b = await peer('b-');
        for (const version of [undefined, '1.5.5']) {
          const a = await mute('a-', { version });
          b.signal('OFFER', a.id, 1);
          await a.expect(relayed('OFFER', b.id, a.id, '1'));
          await b.expect(relayed('LEAVE', a.id, b.id));
          await b.fence();
        }
      },
    );
  },
  { concurrency: 4 },
);

suite(
  'Liveness with the timeout off',
  ['--alive_timeout', '0', '--ping_interval', '50'],
  ({ improvement }) => {
    improvement('nobody is ended', 'npm peer would end everybody at once', async ({ mute }) => {
      const a = await mute('a-');
      await pings(a, 20);
      a.send(JSON.stringify({ type: 'OFFER', dst: a.id, payload: 1 }));
      await a.expect(relayed('OFFER', a.id, a.id, '1'));
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'Takeover probe',
  ['--takeover_probe', '300', '--ping_interval', '100', '--alive_timeout', '60000'],
  ({ improvement }) => {
    const WHY = 'npm peer keeps the id until alive_timeout';

    async function challenge({ socket }, holder) {
      const intruder = socket({ id: holder.id, token: 'theirs' });
      await intruder.expect(ID_TAKEN);
      await intruder.expectClosed();
    }

    improvement('a holder that does not answer loses its id', WHY, async (scope) => {
      const holder = await scope.mute('a-', { token: 'mine' });
      const friend = await scope.peer('b-');
      friend.signal('OFFER', holder.id, 1);
      await holder.expect(relayed('OFFER', friend.id, holder.id, '1'));

      await challenge(scope, holder);
      const next = await scope.claim(holder.id, { token: 'theirs' });
      await friend.expect(relayed('LEAVE', holder.id, friend.id));
      await holder.ending();
      await next.fence();
      await friend.fence();
    });

    improvement('a holder that answers keeps it, however often it is asked', WHY, async (scope) => {
      const holder = await scope.peer('a-', { token: 'mine' });
      const friend = await scope.peer('b-');
      friend.signal('OFFER', holder.id, 1);
      await holder.expect(relayed('OFFER', friend.id, holder.id, '1'));
      await challenge(scope, holder);
      await challenge(scope, holder);
      const later = holder.pings + 6; // twice the probe's time
      await until(() => holder.pings >= later, 'more pings');
      await challenge(scope, holder);
      await holder.fence();
      await friend.fence();
    });

    improvement('the holder is asked at once', WHY, async (scope) => {
      const server = await scope.start(['--ping_interval', '0', '--takeover_probe', '60000']);
      const holder = await scope.peer('a', { server, token: 'mine' });
      assert.equal(holder.pings, 0);
      const intruder = scope.socket({ server, id: 'a', token: 'theirs' });
      await intruder.expect(ID_TAKEN);
      await until(() => holder.pings > 0, 'a ping to the holder');
      await holder.fence();
    });

    improvement('a holder that was never asked keeps its id in silence', WHY, async (scope) => {
      const holder = await scope.mute('a-');
      await pings(holder, 8);
      holder.send(JSON.stringify({ type: 'OFFER', dst: holder.id, payload: 1 }));
      await holder.expect(relayed('OFFER', holder.id, holder.id, '1'));
    });

    improvement('its owner may resume while it is asked', WHY, async (scope) => {
      const holder = await scope.mute('a-', { token: 'mine' });
      await challenge(scope, holder);
      const again = scope.socket({ id: holder.id, token: 'mine' });
      await again.expect(OPEN);
      const later = again.pings + 6;
      await until(() => again.pings >= later, 'more pings');
      await challenge(scope, holder);
      await again.fence();
    });
  },
  { kinds: ['peerjsd'], concurrency: 2 },
);
