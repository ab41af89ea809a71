// A short life of the server under valgrind's memcheck, plain and with TLS: calls, absent peers, a
// resume, a stream, nonsense of all kinds, and an end with clients connected. Fails on the first use of
// what was never set, on any bad access, and on a leak.
//
// Usage: node memcheck.mjs <build folder>

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { makeCertificate, temporaryDirectory } from '../tests/compat/support/dial.mjs';
import { launch } from '../tests/compat/support/server.mjs';
import { Stream } from '../tests/compat/support/stream.mjs';
import { OPEN, Peer, relayed, request, talk } from '../tests/compat/support/wire.mjs';

const PATIENCE_MS = 60_000;
const LEAKS = 'definite,indirect,possible';
const VALGRIND = [
  ...['--quiet', '--leak-check=full', `--show-leak-kinds=${LEAKS}`],
  ...[`--errors-for-leak-kinds=${LEAKS}`, '--error-exitcode=99'],
];
const SERVER = ['--host', '127.0.0.1', '--port', '0', '--expire_timeout', '100'];

async function joined(server, id, token) {
  const peer = new Peer(server, { id, token });
  assert.equal(await peer.next(PATIENCE_MS), OPEN);
  return peer;
}

async function live(server) {
  const [a, b] = [await joined(server, 'a'), await joined(server, 'b')];
  for (const size of [1, 200, 100_000, 1_000_000]) {
    const text = 'x'.repeat(size);
    a.signal('OFFER', 'b', text);
    assert.equal(await b.next(PATIENCE_MS), relayed('OFFER', 'a', 'b', JSON.stringify(text)));
  }
  a.signal('OFFER', 'nobody', 'hello');
  assert.equal(JSON.parse(await a.next(PATIENCE_MS)).type, 'EXPIRE');
  a.send('nonsense');
  const again = await joined(server, 'a');
  again.signal('ANSWER', 'b', 1);
  assert.equal(await b.next(PATIENCE_MS), relayed('ANSWER', 'a', 'b', '1'));
  const thief = new Peer(server, { id: 'a', token: 'another' });
  assert.equal(JSON.parse(await thief.next(PATIENCE_MS)).type, 'ID-TAKEN');
  const stream = new Stream(server, { id: 'stream' });
  await stream.open();
  b.signal('OFFER', 'stream', 2);
  await stream.expect(relayed('OFFER', 'b', 'stream', '2'));
  stream.lose();
  assert.equal((await request(server, 'GET', '/peerjs/id')).status, 200);
  await talk(server, 'GET /\0 HTTP/1.1\n\n');
  await talk(server, 'POST /peerjs/b/token/offer HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 3\n\nxyz');
  await talk(server, 'nonsense\n\n');
}

for (const kind of ['plain', 'TLS']) {
  const secure = kind === 'TLS' ? makeCertificate(temporaryDirectory()) : undefined;
  const files = secure ? ['--sslcert', secure.cert, '--sslkey', secure.key] : [];
  const binary = join(process.argv[2], 'peerjsd');
  const server = launch(kind, 'valgrind', [...VALGRIND, binary, ...SERVER, ...files], {});
  server.secure = secure;
  try {
    const banner = await server.waitForLog(/Started PeerServer on \S+, port: (\d+)/, PATIENCE_MS);
    server.port = Number(banner[1]);
    await live(server);
    const { code } = await server.stop('SIGTERM', PATIENCE_MS);
    assert.equal(code, 0, 'exit code');
    assert.doesNotMatch(server.log(), /==\d+==/);
    console.log(`${kind}: no errors, no leaks`);
  } catch (error) {
    await server.stop('SIGKILL');
    error.message += `\n${server.log()}`;
    throw error;
  }
}
process.exit();
