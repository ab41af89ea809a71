// Messages for a peer that is not there: kept, delivered when it comes, or answered by EXPIRE.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { OPEN, relayed } from '../support/wire.mjs';

const EXPIRE_MS = 300;
const expire = (absent, caller) =>
  `{"type":"EXPIRE","src":${JSON.stringify(absent)},"dst":${JSON.stringify(caller)}}`;

// A connection over TLS on a busy machine may take longer than what expires soon.
suite(
  'Outstanding, for a peer that comes',
  ['--expire_timeout', '3000'],
  ({ both }) => {
    both(
      'what was sent before a peer came is delivered after its OPEN, in order',
      async (scope) => {
        const { peer, socket, name } = scope;
        const id = name('late');
        const a = await peer('a-');
        const b = await peer('b-');
        a.signal('OFFER', id, 1);
        for (let i = 2; i < 10; i += 1) a.signal('CANDIDATE', id, i);
        await a.fence();
        b.signal('ANSWER', id, 'from b');
        await b.fence();

        const late = socket({ id });
        await late.expect(OPEN, relayed('OFFER', a.id, id, '1'));
        for (let i = 2; i < 10; i += 1)
          await late.expect(relayed('CANDIDATE', a.id, id, String(i)));
        await late.expect(relayed('ANSWER', b.id, id, '"from b"'));
        await late.fence();

        // Delivered is delivered: no EXPIRE for it, which would come before this later one.
        const other = name('nobody');
        a.signal('OFFER', other, 1);
        assert.equal(await a.next(), expire(other, a.id));
      },
    );

    both('what waits goes out as it came in', async ({ peer, socket, name }) => {
      const id = name('late');
      const a = await peer('a-');
      a.send(`{"type":"OFFER","payload":{"b":"\u00e9\\n","a":[1,null]},"dst":"${id}"}`);
      a.send(`{"type":"CANDIDATE","dst":"${id}"}`);
      await a.fence();
      const late = socket({ id });
      await late.expect(
        OPEN,
        relayed('OFFER', a.id, id, '{"b":"\u00e9\\n","a":[1,null]}'),
        relayed('CANDIDATE', a.id, id),
      );
    });

    both(
      'messages are delivered to the first that comes, once',
      async ({ peer, claim, socket, name }) => {
        const id = name('late');
        const a = await peer('a-');
        a.signal('OFFER', id, 1);
        await a.fence();
        const first = socket({ id, token: 'first' });
        await first.expect(OPEN, relayed('OFFER', a.id, id, '1'));
        await first.close(1000);
        const second = await claim(id, { token: 'second' });
        await second.fence();
      },
    );
  },
  { concurrency: 4 },
);

suite(
  'Outstanding',
  ['--expire_timeout', String(EXPIRE_MS)],
  ({ both, improvement }) => {
    both('one EXPIRE for all that waited, and not before its time', async ({ peer, name }) => {
      const a = await peer('a-');
      const absent = name('nobody');
      const start = performance.now();
      a.signal('OFFER', absent, 1);
      for (let i = 0; i < 5; i += 1) a.signal('CANDIDATE', absent, i);
      assert.equal(await a.next(), expire(absent, a.id));
      const waited = performance.now() - start;
      assert.ok(waited >= EXPIRE_MS - 5, `EXPIRE after ${waited} ms`);

      // A second EXPIRE would come before that of a later message.
      const other = name('nobody');
      a.signal('OFFER', other, 1);
      assert.equal(await a.next(), expire(other, a.id));
      await a.fence();
    });

    both('what has expired is not delivered later', async ({ peer, name }) => {
      const a = await peer('a-');
      const absent = name('nobody');
      a.signal('OFFER', absent, 1);
      assert.equal(await a.next(), expire(absent, a.id));
      const late = await peer(absent);
      await late.fence();
    });

    both('every kind that is kept expires', async ({ peer, name }) => {
      const a = await peer('a-');
      const ids = [name('nobody'), name('nobody'), name('nobody')];
      a.signal('OFFER', ids[0], 1);
      a.signal('ANSWER', ids[1], 1);
      a.signal('CANDIDATE', ids[2], 1);
      for (const id of ids) assert.equal(await a.next(), expire(id, a.id));
      await a.fence();
    });

    both('each destination and each sender has an EXPIRE of its own', async ({ peer, name }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const [x, y] = [name('nobody'), name('nobody')];
      a.signal('OFFER', x, 1);
      a.signal('OFFER', y, 1);
      b.signal('OFFER', x, 1);
      assert.deepEqual(
        [await a.next(), await a.next()].sort(),
        [expire(x, a.id), expire(y, a.id)].sort(),
      );
      assert.equal(await b.next(), expire(x, b.id));
      await a.fence();
      await b.fence();
    });

    both('a new OFFER after the EXPIRE brings another', async ({ peer, name }) => {
      const a = await peer('a-');
      const absent = name('nobody');
      for (let i = 0; i < 2; i += 1) {
        a.signal('OFFER', absent, i);
        assert.equal(await a.next(), expire(absent, a.id));
      }
      await a.fence();
    });

    both('a sender that has gone is not missed', async ({ peer, name }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const absent = name('nobody');
      a.signal('OFFER', absent, 1);
      await a.fence();
      await a.close(1000);
      b.signal('OFFER', absent, 2);
      assert.equal(await b.next(), expire(absent, b.id));
      await b.fence();
    });

    both('ids that look like parts of objects expire like others', async ({ peer }) => {
      const a = await peer('a-');
      for (const absent of ['__proto__', 'constructor', 'toString', 'a b', '"\\']) {
        a.signal('OFFER', absent, 1);
      }
      const seen = new Set();
      for (let i = 0; i < 5; i += 1) seen.add(await a.next());
      assert.deepEqual(
        seen,
        new Set(
          ['__proto__', 'constructor', 'toString', 'a b', '"\\'].map((id) => expire(id, a.id)),
        ),
      );
      await a.fence();
    });

    improvement(
      'pairs are told apart however their ids are put together',
      'npm peer joins them with an underscore, and x_y to z shares one with x to y_z',
      async ({ peer }) => {
        const a = await peer('x_y');
        const b = await peer('x');
        a.signal('OFFER', 'z', 1);
        b.signal('OFFER', 'y_z', 1);
        assert.equal(await a.next(), expire('z', 'x_y'));
        assert.equal(await b.next(), expire('y_z', 'x'));
      },
    );

    improvement(
      'candidates that trickle in after the EXPIRE bring no second one',
      'the app would be told twice that one call failed',
      async ({ peer, name }) => {
        const a = await peer('a-');
        const absent = name('nobody');
        a.signal('OFFER', absent, 1);
        assert.equal(await a.next(), expire(absent, a.id));
        for (let i = 0; i < 3; i += 1) a.signal('CANDIDATE', absent, i);
        const other = name('nobody');
        a.signal('OFFER', other, 1);
        assert.equal(await a.next(), expire(other, a.id));
        await a.fence();

        a.signal('OFFER', absent, 2);
        assert.equal(await a.next(), expire(absent, a.id), 'an OFFER starts a new attempt');
      },
      async ({ peer, name }) => {
        const a = await peer('a-');
        const absent = name('nobody');
        a.signal('OFFER', absent, 1);
        assert.equal(await a.next(), expire(absent, a.id));
        a.signal('CANDIDATE', absent, 1);
        assert.equal(await a.next(), expire(absent, a.id));
      },
    );

    improvement(
      'a message has its own time, however long others wait there',
      'npm peer drops the whole queue when its first message is due',
      async ({ peer, name }) => {
        const [a, b] = [await peer('a-'), await peer('b-')];
        const [absent, clock] = [name('nobody'), name('nobody')];
        a.signal('OFFER', clock, 1);
        await a.fence();
        a.signal('OFFER', absent, 1);
        assert.equal(await a.next(), expire(clock, a.id));
        const start = performance.now();
        b.signal('OFFER', absent, 1);
        assert.equal(await a.next(), expire(absent, a.id));
        assert.equal(await b.next(), expire(absent, b.id));
        const waited = performance.now() - start;
        assert.ok(waited >= EXPIRE_MS - 5, `EXPIRE after ${waited} ms`);
      },
    );

    improvement(
      'an EXPIRE is not for the next owner of an id',
      'npm peer only looks at the id',
      async ({ peer, claim, name }) => {
        const a = await peer('a-', { token: 'mine' });
        const absent = name('nobody');
        a.signal('OFFER', absent, 1);
        await a.fence();
        await a.close(1000);
        const next = await claim(a.id, { token: 'theirs' });
        const other = name('nobody');
        next.signal('OFFER', other, 1);
        assert.equal(await next.next(), expire(other, next.id));
      },
    );
  },
  { concurrency: 4 },
);

suite(
  'Outstanding with other options',
  [],
  ({ improvement }) => {
    improvement(
      '--expire_timeout 0 answers at once',
      'npm peer looks once a second',
      async ({ start, peer }) => {
        const server = await start(['--expire_timeout', '0']);
        const a = await peer('a', { server });
        a.signal('OFFER', 'nobody', 1);
        assert.equal(await a.next(), expire('nobody', 'a'));
      },
    );

    improvement(
      'what does not fit is answered by EXPIRE at once',
      'the queues of npm peer grow without end',
      async ({ start, peer, socket }) => {
        const server = await start([
          '--outstanding_per_destination',
          '10000',
          '--expire_timeout',
          '60000',
        ]);
        const a = await peer('a', { server });
        const text = 'x'.repeat(6000);
        a.signal('OFFER', 'nobody', text);
        await a.fence();
        a.signal('OFFER', 'nobody', text);
        assert.equal(await a.next(), expire('nobody', 'a'));
        await server.waitForLog(/No room left: message of a \(60\d\d bytes, 127\.0\.0\.1\)/);
        a.signal('OFFER', 'somebody else', text);
        await a.fence();

        const other = socket({ server, id: 'somebody else' });
        await other.expect(OPEN, relayed('OFFER', 'a', 'somebody else', JSON.stringify(text)));
      },
    );
  },
  { kinds: ['peerjsd'] },
);
