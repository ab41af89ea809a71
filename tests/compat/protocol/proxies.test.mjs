// Behind the proxies that people have, configured as docs/proxies says.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OVER_TLS } from '../support/dial.mjs';
import { PROXIES, startProxy } from '../support/proxies.mjs';
import { startPeerjsd } from '../support/server.mjs';
import { Stream } from '../support/stream.mjs';
import { OPEN, Peer, relayed, request } from '../support/wire.mjs';

const CLIENT = '127.0.0.5';
const SPOOFED = '203.0.113.99';
const claims = { 'X-Forwarded-For': SPOOFED, Forwarded: `for=${SPOOFED}` };

/** Runs `action` with a server and one proxy before the other in front of it. */
async function behind(names, args, action) {
  const server = await startPeerjsd(args);
  const proxies = [server];
  try {
    for (const name of names) proxies.unshift(await startProxy(name, proxies[0]));
    await action(server, proxies[0]);
  } finally {
    for (const each of proxies) await each.stop();
  }
}

/** A peer on a WebSocket whose client pretends to be another. */
async function peerAt(proxy, id) {
  const peer = new Peer(proxy, { id, headers: claims, localAddress: CLIENT });
  await peer.expect(OPEN);
  return peer;
}

describe('Behind a proxy', { skip: OVER_TLS && 'it is the proxy that speaks TLS' }, () => {
  for (const name of PROXIES) {
    describe(name, () => {
      test('ids, WebSockets and streams come through', () =>
        behind([name], ['--proxied', '127.0.0.1'], async (server, proxy) => {
          const { status, body } = await request(proxy, 'GET', '/peerjs/id');
          assert.equal(status, 200);
          assert.match(body, /^[0-9a-f-]{36}$/);
          const a = await peerAt(proxy, 'a');
          const b = new Stream(proxy, { id: 'b' });
          await b.open();
          a.signal('OFFER', 'b', 'hello');
          await b.expect(relayed('OFFER', 'a', 'b', '"hello"'));
          await b.signal('ANSWER', 'a', 'hello too');
          await a.expect(relayed('ANSWER', 'b', 'a', '"hello too"'));
          a.lose();
          await b.expect('{"type":"LEAVE","src":"a","dst":"b"}');
          b.lose();
        }));

      test('the log has the address of the client, not what it says', () =>
        behind([name], ['--proxied', '127.0.0.1'], async (server, proxy) => {
          const a = await peerAt(proxy, 'a');
          await server.waitForLog(/Client connected: a \(127\.0\.0\.5\)/);
          a.lose();
          await server.waitForLog(/Client disconnected: a \(127\.0\.0\.5, /);
        }));
    });
  }

  test('of a proxy that is not trusted nothing is believed', () =>
    behind(['nginx'], ['--proxied', '192.0.2.1'], async (server, proxy) => {
      const a = await peerAt(proxy, 'a');
      await server.waitForLog(/Client connected: a \(127\.0\.0\.1\)/);
      a.lose();
    }));

  test('of two, both trusted, the first one says it', () =>
    behind(['haproxy', 'nginx'], ['--proxied', '127.0.0.1'], async (server, proxy) => {
      const a = await peerAt(proxy, 'a');
      await server.waitForLog(/Client connected: a \(127\.0\.0\.5\)/);
      a.lose();
    }));
});
