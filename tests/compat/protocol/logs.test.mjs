// What an operator reads: one line for each thing that happens to a client, and never a token.

import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { origin, trust } from '../support/dial.mjs';
import { suite } from '../support/suite.mjs';
import { get, refusal, socketTarget, talk } from '../support/wire.mjs';

/** The lines of that log that match; each begins with its time. */
const lines = (server, pattern) =>
  server
    .log()
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d /, ''));

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

suite('Logs', [], ({ both, improvement }) => {
  const NONE = 'npm peer logs the id alone, and no refusals';

  improvement('at the end it says what has been refused', NONE, async ({ start }) => {
    const server = await start();
    await get(server, '/wrong/id');
    await get(server, '/wrong/id');
    await server.stop();
    assert.match(server.log(), /info Stopped; there were: HTTP request refused 2\n/);
  });

  improvement('nobody can fill it', NONE, async ({ start }) => {
    const server = await start();
    await Promise.all(Array.from({ length: 100 }, () => get(server, '/wrong/id')));
    await server.waitForLog(/warning HTTP request refused: \d+ more in a second\n/);
    const count = lines(server, /HTTP request refused: Invalid key/).length;
    assert.ok(count >= 20 && count < 100, `${count} lines`);
  });

  both('who comes and goes is logged', async ({ server, peer }) => {
    const a = await peer('a-');
    await server.waitForLog(new RegExp(`Client connected: ${a.id}\\b`));
    await a.close(1000);
    await server.waitForLog(new RegExp(`Client disconnected: ${a.id}\\b`));
  });

  both('tokens are not logged, wherever they stand', async ({ server, peer, socket }) => {
    const a = await peer('a-', { token: 'very-secret' });
    const other = socket({ id: a.id, token: 'also-secret' });
    await other.next();
    await a.close();
    await server.waitForLog(new RegExp(`Client disconnected: ${a.id}\\b`));
    await refusal(server, '/x/peerjs?token=secret');
    await refusal(server, '/peerjs%3Ftoken=secret');
    await refusal(server, '/peerjs/x/secret/offer');
    assert.doesNotMatch(server.log(), /secret/);
  });

  improvement(
    'one line says who came, one who went, from where, why and after how long',
    NONE,
    async ({ server, peer }) => {
      const ends = [
        ['closed', (a) => a.close(1000)],
        ['going away', (a) => a.close(1001)],
        ['closed without a code', (a) => a.close()],
        ['connection lost', (a) => a.lose()],
        ['left', (a) => a.send('{"type":"LEAVE"}')],
      ];
      for (const [reason, end] of ends) {
        const a = await peer('a-');
        await end(a);
        await server.waitForLog(new RegExp(`disconnected: ${a.id} .*\n`));
        const [came, went, ...more] = lines(server, new RegExp(`\\b${a.id}\\b`));
        assert.equal(came, `info Client connected: ${a.id} (127.0.0.1)`);
        assert.equal(
          went.replace(/\d+\.\d s/, 'TIME'),
          `info Client disconnected: ${a.id} (127.0.0.1, ${reason}, TIME)`,
        );
        assert.deepEqual(more, []);
      }
    },
  );

  improvement('one line says who was refused and why', NONE, async ({ server, peer, socket }) => {
    const a = await peer('a-');
    const refusals = [
      [{ id: a.id, token: 'another' }, 'ID is taken'],
      [{ id: 'k', key: 'wrong' }, 'Invalid key provided'],
      [{ id: 'i', token: '' }, 'No id, token, or key supplied to websocket server'],
    ];
    for (const [options, reason] of refusals) {
      await socket(options).next();
      const line = `Client refused: ${options.id} (127.0.0.1, ${reason})`;
      await server.waitForLog(new RegExp(`${escaped(line)}\n`));
      assert.deepEqual(lines(server, new RegExp(escaped(line))), [`warning ${line}`]);
    }
  });

  improvement('one line says what was dropped, however much it is', NONE, async (scope) => {
    const nonsense = [
      ['{', 'not JSON'],
      ['[1]', 'not a JSON object'],
      ['{"type":"HELLO","dst":"x"}', 'not a type that clients send'],
      ['{"type":"OFFER"}', 'no dst'],
      [Buffer.from([0x7b, 0xff]), 'not valid UTF-8'],
      [`{"payload":${'['.repeat(50_000)}`, 'nested too deeply'],
    ];
    for (const [message, reason] of nonsense) {
      const a = await scope.peer('a-');
      for (let i = 0; i < 3; i += 1) a.send(message);
      a.send('{"type":"HEARTBEAT"}');
      await a.close(1000);
      const { server } = scope;
      await server.waitForLog(new RegExp(`disconnected: ${a.id} \\(.*, 3 messages dropped\\)\n`));
      assert.deepEqual(lines(server, new RegExp(`dropped: .*\\b${a.id}\\b`)), [
        `warning Message dropped: ${reason} (${message.length} bytes from ${a.id}, 127.0.0.1)`,
      ]);
    }
  });

  improvement('one line says who broke the protocol, and how', NONE, async ({ server, mute }) => {
    const a = await mute('a-');
    a.send('x', { masked: false });
    await a.ending();
    await server.waitForLog(
      new RegExp(`warning WebSocket failed: .*mask.* \\(${a.id}, 127\\.0\\.0\\.1\\)\n`),
    );
  });

  improvement('one line says which request was refused', NONE, async ({ server }) => {
    await get(server, '/wrong/id');
    await server.waitForLog(
      / warning HTTP request refused: Invalid key provided \(127\.0\.0\.1\)\n/,
    );
    await talk(server, 'garbage\n\n');
    await server.waitForLog(/ warning HTTP request refused: Bad request \(127\.0\.0\.1\)\n/);
    await refusal(server, '/elsewhere/peerjs?key=peerjs&id=a&token=t');
    await server.waitForLog(
      / warning WebSocket refused: wrong path; this server's is \/ \(127\.0\.0\.1\)\n/,
    );
  });

  improvement(
    '--log_level says from where on',
    'npm peer has no levels',
    async ({ start }) => {
      for (const [level, connected, refused] of [
        ['info', true, true],
        ['warn', false, true],
        ['error', false, false],
        ['off', false, false],
      ]) {
        const server = await start(['--log_level', level]);
        const target = socketTarget({ id: 'a' });
        const client = new WebSocket(`${origin(server, 'ws')}${target}`, trust(server));
        await new Promise((resolve) => client.once('message', resolve));
        await get(server, '/wrong/id');
        client.terminate();
        await server.stop();
        assert.equal(/Client connected/.test(server.log()), connected, level);
        assert.equal(/HTTP request refused/.test(server.log()), refused, level);
        assert.equal(/Stopp/.test(server.log()), level === 'info', level);
      }
    },
  );
});

suite(
  'Addresses in the log',
  [],
  ({ improvement }) => {
    const NONE = 'npm peer logs none';

    // Connects as a proxy would have it that is told `forwarded`, and ends.
    async function shows(server, id, forwarded, address) {
      const headers = forwarded && { 'X-Forwarded-For': forwarded };
      const target = socketTarget({ id });
      const client = new WebSocket(`${origin(server, 'ws')}${target}`, { headers, ...trust(server) });
      client.on('error', () => {}); // the log will tell
      try {
        await server.waitForLog(new RegExp(`Client connected: ${id} \\(${address}\\)`));
      } finally {
        client.terminate();
      }
      await server.waitForLog(new RegExp(`Client disconnected: ${id} \\(${address},`));
    }

    improvement('a client has that of its socket, whatever it claims', NONE, async ({ server }) => {
      await shows(server, 'a', '203.0.113.7', '127.0.0.1');
    });

    improvement('behind a proxy it has the one the proxy has seen', NONE, async ({ start }) => {
      const server = await start(['--proxied']);
      await shows(server, 'a', '203.0.113.7, 198.51.100.2', '198.51.100.2');
      await shows(server, 'b', '2001:db8::7', '2001:db8::7');
      await shows(server, 'c', undefined, '127.0.0.1');
    });
  },
  { kinds: ['peerjsd'] },
);
