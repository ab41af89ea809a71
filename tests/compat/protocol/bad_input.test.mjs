// Nonsense and malice: the offender gets what the RFC or the protocol says, nobody else notices.

import assert from 'node:assert/strict';
import { dial } from '../support/dial.mjs';
import { suite } from '../support/suite.mjs';
import { get, OPEN, relayed, talk } from '../support/wire.mjs';

const ABSURD_IDS = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'undefined',
  'null',
  '0',
  ' ',
  '.',
  '../..',
  'a/b?c=d&e#f',
  'nul \0 inside',
  'quotes "\'` and \\ backslash',
  'line\r\nfeed\ttab',
  '\u001b[31mred\u007f',
  '\u2028 \ufeff \u202e',
  '\u{1f600}',
  '<script>alert(1)</script>',
  '%s%n%d{}',
  'x'.repeat(1024),
];

suite('Bad input', ['--allow_discovery'], ({ both, improvement }) => {
  // Two who exchange messages before and after whatever `act` does.
  async function unnoticed({ peer }, act) {
    const a = await peer('bystander-');
    const b = await peer('bystander-');
    const exchange = async (n) => {
      a.signal('OFFER', b.id, n);
      await b.expect(relayed('OFFER', a.id, b.id, String(n)));
      b.signal('ANSWER', a.id, n);
      await a.expect(relayed('ANSWER', b.id, a.id, String(n)));
    };
    await exchange(1);
    await act();
    await exchange(2);
    await a.fence();
    await b.fence();
  }

  both('absurd ids are ids like others', async (scope) => {
    await unnoticed(scope, async () => {
      const friend = await scope.peer('friend-');
      for (const id of ABSURD_IDS) {
        const odd = scope.socket({ id });
        await odd.expect(OPEN);
        odd.signal('OFFER', friend.id, 1);
        await friend.expect(relayed('OFFER', id, friend.id, '1'));
        friend.signal('ANSWER', id, 2);
        await odd.expect(relayed('ANSWER', friend.id, id, '2'));
        await odd.fence();
      }
      const { body } = await get(scope.server, '/peerjs/peers');
      const listed = new Set(JSON.parse(body));
      for (const id of ABSURD_IDS) assert.ok(listed.has(id), JSON.stringify(id.slice(0, 40)));
    });
  });

  both('absurd tokens are tokens like others', async ({ socket, name }) => {
    for (const token of ['__proto__', '\0', '"', '\r\n', '\u{1f600}', 'x'.repeat(4000)]) {
      const id = name('a');
      const a = socket({ id, token });
      await a.expect(OPEN);
      const other = socket({ id, token: `${token}x` });
      await other.expectJson({ type: 'ID-TAKEN', payload: { msg: 'ID is taken' } });
      await a.fence();
    }
  });

  improvement(
    'an id cannot forge a log line',
    'npm peer prints it as it is',
    async ({ server, peer }) => {
      const a = await peer('honest\nClient connected: forged-');
      await a.close(1000);
      await server.waitForLog(/Client disconnected: honest/);
      assert.doesNotMatch(server.log(), /^Client connected: forged/m);
      assert.doesNotMatch(server.log(), /^(?!.*\bhonest).*forged/m);
    },
    async ({ server, peer }) => {
      await peer('honest\nClient connected: forged-');
      await server.waitForLog(/^Client connected: forged/m);
    },
  );

  const frameErrors = [
    ['an unmasked frame', 1002, (a) => a.send('{"type":"HEARTBEAT"}', { masked: false })],
    ['a reserved opcode', 1002, (a) => a.send('', { opcode: 3 })],
    ['a reserved control opcode', 1002, (a) => a.send('', { opcode: 11 })],
    ['a reserved bit', 1002, (a) => a.send('{}', { rsv: 4 })],
    ['a continuation of nothing', 1002, (a) => a.send('{}', { opcode: 0 })],
    ['a fragmented ping', 1002, (a) => a.send('', { opcode: 9, fin: false })],
    ['a ping of more than 125 bytes', 1002, (a) => a.send('x'.repeat(126), { opcode: 9 })],
    ['a Close of one byte', 1002, (a) => a.send('x', { opcode: 8 })],
    ['a Close with a code that is none', 1002, (a) => a.send(Buffer.from([3, 236]), { opcode: 8 })],
    ['text that is no UTF-8', 1007, (a) => a.send(Buffer.from([0x22, 0xff, 0x22]))],
    [
      'text that is no UTF-8 across fragments',
      1007,
      (a) => {
        a.send(Buffer.from([0xc3]), { fin: false });
        a.send(Buffer.from([0x28]), { opcode: 0 });
      },
    ],
    ['a message larger than any limit', 1009, (a) => a.send('x', { claims: 200 * 1024 * 1024 })],
    ['a message with a length of 2^62', 1009, (a) => a.send('x', { claims: 2 ** 62 })],
  ];
  for (const [what, code, act] of frameErrors) {
    both(`${what} is answered by ${code}`, async (scope) => {
      await unnoticed(scope, async () => {
        const a = await scope.mute('a-');
        act(a);
        assert.equal(await a.ending(), code);
      });
    });
  }

  both('an id is free after a frame error', async ({ mute, claim }) => {
    const a = await mute('a-', { token: 'mine' });
    a.send('x', { masked: false });
    assert.equal(await a.ending(), 1002);
    const next = await claim(a.id, { token: 'theirs' });
    await next.fence();
  });

  both('what came before a frame error is still delivered', async ({ mute, peer }) => {
    const a = await mute('a-');
    const b = await peer('b-');
    for (let i = 0; i < 20; i += 1)
      a.send(JSON.stringify({ type: 'CANDIDATE', dst: b.id, payload: i }));
    a.send('x', { masked: false });
    for (let i = 0; i < 20; i += 1) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
  });

  both('connections that are dropped half-way trouble nobody', async (scope) => {
    await unnoticed(scope, async () => {
      const { server } = scope;
      const target = '/peerjs?key=peerjs&id=half&token=t';
      const head =
        `GET ${target} HTTP/1.1\r\nHost: x\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
      const whole = `${head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
      for (const text of [
        '',
        'G',
        'GET / HT',
        head,
        `${whole}\x81`,
        `${whole}\x81\xfe\x00`,
        `${whole}\x88\x80`,
      ]) {
        const socket = dial(server);
        await new Promise((resolve) => socket.write(Buffer.from(text, 'latin1'), resolve));
        socket.resetAndDestroy();
      }
    });
  });

  both('bytes that are no HTTP trouble nobody', async (scope) => {
    await unnoticed(scope, async () => {
      assert.match(
        await talk(scope.server, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n'),
        /^(HTTP\/1.1 400|$)/,
      );
      assert.match(await talk(scope.server, `${'A'.repeat(5000)}\n\n`), /^HTTP\/1.1 4\d\d/);
    });
  });

  both('hundreds of peers come and go', async (scope) => {
    await unnoticed(scope, async () => {
      for (let round = 0; round < 3; round += 1) {
        const crowd = await Promise.all(Array.from({ length: 100 }, () => scope.peer('crowd-')));
        for (const [i, one] of crowd.entries())
          one.signal('OFFER', crowd[(i + 1) % crowd.length].id, i);
        await Promise.all(crowd.map((one) => one.next()));
        await Promise.all(crowd.map((one, i) => (i % 2 ? one.close(1001) : one.lose())));
      }
    });
  });

  improvement(
    'a payload nested without end harms nobody',
    'npm peer closes the receiver, and tells the sender that it has left',
    async (scope) => {
      await unnoticed(scope, async () => {
        const a = await scope.peer('a-');
        const b = await scope.peer('b-');
        const depth = 50_000;
        for (const [open, close] of [
          ['[', ']'],
          ['{"a":', '}'],
        ]) {
          const inner = open === '[' ? '' : '1';
          const payload = `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
          a.send(`{"type":"OFFER","dst":"${b.id}","payload":${payload}}`);
          await a.fence();
          a.signal('ANSWER', b.id, 'after');
          let next = await b.next();
          if (next === relayed('OFFER', a.id, b.id, payload)) next = await b.next();
          assert.equal(next, relayed('ANSWER', a.id, b.id, '"after"'));
        }
      });
    },
  );

  improvement(
    'a receiver that does not read is let go, and costs the others nothing',
    'npm peer keeps whatever it does not take',
    async (scope) => {
      const server = await scope.start(['--send_queue_bytes', '256KiB']);
      const a = await scope.peer('a', { server });
      const slow = await scope.mute('slow', { server });
      slow.socket.pause();
      const fill = 'x'.repeat(200_000);
      let left = false;
      const leaving = a.next().then((text) => {
        left = true;
        assert.equal(text, relayed('LEAVE', 'slow', 'a'));
      });
      for (let i = 0; !left && i < 500; i += 1) {
        a.signal('CANDIDATE', 'slow', fill);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await leaving;
      a.lose();
    },
  );
});
