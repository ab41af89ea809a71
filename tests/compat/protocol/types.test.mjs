// Messages of apps' own types: --allow_types.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/dial.mjs';
import { freePort, runToEnd } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { get, OPEN, partners, relayed } from '../support/wire.mjs';

const OURS = { kinds: ['peerjsd'], concurrency: 4 };
const args = ['--allow_types', 'CHAT', 'PING-PONG', '--expire_timeout', '200'];

suite(
  "Types of apps' own",
  args,
  ({ both: test }) => {
    test('are relayed to the byte, both ways', async ({ pair }) => {
      const [a, b] = await pair();
      const payloads = ['{"text":"h\u00e9 \u{1f600}"}', '{ "a" : [ 1e400 ,\t"\\uD800" ] }', 'null', '[]'];
      for (const payload of payloads) {
        a.send(`{"payload":${payload},"src":"x","dst":"${b.id}","type":"CHAT"}`);
        await b.expect(relayed('CHAT', a.id, b.id, payload));
      }
      b.send(`{"\\u0074ype":"\\u0050ING-PONG","dst":"${a.id}"}`);
      await a.expect(relayed('PING-PONG', b.id, a.id));
    });

    test('others are dropped, and the connection goes on', async ({ pair, server }) => {
      const [a, b] = await pair();
      const others = ['chat', 'CHAT ', 'CHATS', 'custom', 'unknown', '', 1, null, ['CHAT']];
      for (const type of [...others, 'OPEN', 'ERROR', 'ID-TAKEN', 'EXPIRE', 'INVALID-KEY']) {
        a.send({ type, dst: b.id, payload: { msg: 'x' } });
      }
      a.send({ type: 'CHAT', payload: 'for nobody' });
      await a.fence();
      await b.fence();
      await server.waitForLog(/Message dropped: not a type that clients send/);
    });

    test('keep their order among the others', async ({ pair }) => {
      const [a, b] = await pair();
      const types = ['CHAT', 'CANDIDATE', 'PING-PONG', 'OFFER'];
      const sent = Array.from({ length: 200 }, (_, i) => [types[i % types.length], i]);
      for (const [type, i] of sent) a.signal(type, b.id, i);
      for (const [type, i] of sent) await b.expect(relayed(type, a.id, b.id, String(i)));
    });

    test('wait for who is absent, and expire', async ({ peer, name, server, socket }) => {
      const a = await peer('a-');
      const late = name('late-');
      a.signal('CHAT', late, 1);
      a.signal('OFFER', late, 2);
      a.signal('PING-PONG', late, 3);
      await a.fence();
      const b = socket({ server, id: late });
      await b.expect(OPEN, relayed('CHAT', a.id, late, '1'));
      await b.expect(relayed('OFFER', a.id, late, '2'), relayed('PING-PONG', a.id, late, '3'));
      await b.fence();
      for (let i = 0; i < 2; i += 1) {
        a.signal('CHAT', 'nobody', i);
        await a.expect(relayed('EXPIRE', 'nobody', a.id));
      }
      await a.fence();
    });

    test('make partners', async ({ pair }) => {
      const [a, b] = await pair();
      a.signal('CHAT', b.id, 1);
      await b.expect(relayed('CHAT', a.id, b.id, '1'));
      await a.close(1001);
      await b.expect(relayed('LEAVE', a.id, b.id));
    });

    test('reach an XHR stream, but cannot be posted', async (scope) => {
      const a = await scope.stream('a-');
      const b = await scope.peer('b-');
      b.signal('CHAT', a.id, { text: 'hi' });
      await a.expect(relayed('CHAT', b.id, a.id, '{"text":"hi"}'));
      const message = { type: 'CHAT', dst: b.id, payload: 1 };
      assert.equal((await scope.say(a, 'offer', message)).status, 400);
      assert.equal((await scope.say(a, 'chat', message)).status, 404);
      await b.fence();
    });

    test('need the right to call', async ({ start, socket }) => {
      const server = await start([...args, '--auth_secret', SECRET]);
      const join = async (id, may) => {
        const peer = socket({ server, id, token: await sign(id, { peerjs: { may } }) });
        await peer.expect(OPEN);
        return peer;
      };
      const a = await join('a', ['answer']);
      const b = await join('b', ['call', 'answer']);
      a.signal('CHAT', 'b', 1);
      await a.expect(relayed('EXPIRE', 'b', 'a'));
      await b.fence();
      await partners(b, a);
      a.signal('CHAT', 'b', 2);
      await b.expect(relayed('CHAT', 'a', 'b', '2'));
    });

    test('change with a reload, and are counted', async ({ start, socket }) => {
      const file = join(temporaryDirectory(), 'peerjsd.conf');
      const port = await freePort();
      const configure = (types) =>
        writeFileSync(file, `admin_port = ${port}\nallow_types = ${types}\n`);
      configure('');
      const server = await start(['--config', file]);
      const a = socket({ server, id: 'a' });
      await a.expect(OPEN);
      a.signal('CHAT', 'a', 1);
      await a.fence();
      configure('NEWS, CHAT');
      server.child.kill('SIGHUP');
      await server.waitForLog(/Configuration reloaded; changed: --allow_types\n/);
      a.signal('CHAT', 'a', 2);
      await a.expect(relayed('CHAT', 'a', 'a', '2'));
      const { body } = await get({ host: server.host, port }, '/metrics');
      for (const type of ['custom', 'unknown']) {
        assert.match(body, new RegExp(`peerjsd_messages_received_total{type="${type}"} 1\n`));
      }
    });

    test('are not those of PeerJS', async () => {
      const { code, log } = await runToEnd(['--allow_types', 'CHAT', 'OFFER']);
      assert.equal(code, 2);
      assert.match(log, /^peerjsd: --allow_types: 'OFFER' is a type of PeerJS itself; .*\n$/);
    });
  },
  OURS,
);
