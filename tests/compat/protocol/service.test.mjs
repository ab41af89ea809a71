// As a service: what a service manager does for the server, done by systemd's own programs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { launch, startOnFreePort } from '../support/server.mjs';
import { OPEN, Peer } from '../support/wire.mjs';

// LISTEN_PID has to name the process that takes the socket over.
const START = 'LISTEN_PID=$$ exec "$0" "$@"';

/** The socket stays open while `script` runs, which starts the server by `sh -c "$0" "$@"`. */
function activated(port, script, args = []) {
  return launch('peerjsd', 'systemd-socket-activate', [
    ...['--listen', `127.0.0.1:${port}`, '--setenv', `START=${START}`],
    ...['sh', '-c', script, process.env.PEERJSD, ...args],
  ]);
}

/** The process that a shell waits for. */
function childOf(pid) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

test('on a socket that is there before it a restart refuses nobody', async (t) => {
  const twice = 'for i in 1 2; do sh -c "$START" "$0" "$@"; done';
  const server = await startOnFreePort((port) => activated(port, twice), /Listening on/);
  t.after(() => server.stop());
  const a = new Peer(server, { id: 'a' });
  await a.expect(OPEN);
  const [banner] = await server.waitForLog(/Started PeerServer on \S+, port: \d+/);
  assert.ok(banner.endsWith(` ${server.port}`), banner);
  await server.waitForLog(/ info Listening on the socket that was passed; --host and --port/);
  process.kill(childOf(server.pid), 'SIGSTOP');
  const b = new Peer(server, { id: 'b' });
  process.kill(childOf(server.pid), 'SIGKILL');
  await b.expect(OPEN);
  b.lose();
  process.kill(childOf(server.pid), 'SIGTERM');
  assert.equal((await server.ended).code, 0);
});

for (const [what, count, problem] of [
  ['no socket', 1, /^peerjsd: cannot listen on the socket that was passed: Socket operation on non-/],
  ['more than one', 2, /^peerjsd: 2 sockets were passed, but it listens on one; leave one /],
]) {
  test(`${what} ends the start with one line`, async () => {
    const command = `${START.replace('$@', '--port" "0')} 3</dev/null`;
    const env = { LISTEN_FDS: String(count) };
    const server = launch('peerjsd', 'sh', ['-c', command, process.env.PEERJSD], env);
    const { code } = await server.ended;
    assert.equal(code, count === 1 ? 1 : 2, server.log());
    assert.match(server.log(), problem);
    assert.match(server.log(), /ListenStream=[^\n]*\n$/);
  });
}
