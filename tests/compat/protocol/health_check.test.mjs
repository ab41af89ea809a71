// What a container's health check and an operator's script learn by `peerjsd --health_check`.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { commonCertificate } from '../support/dial.mjs';
import { freePort, runToEnd, startPeerjsd } from '../support/server.mjs';

async function check(...args) {
  const { code, log } = await runToEnd(['--health_check', ...args]);
  return { code, log };
}

const REMEDY = '; --health_check has to be given the options that the server has\n';
const HEALTHY = { code: 0, log: '' };

async function start(t, ...args) {
  const server = await startPeerjsd(args);
  t.after(() => server.stop('SIGKILL'));
  return server;
}

for (const [what, ...args] of [
  ['as a client would'],
  ['below its path', '--path', '/myapp'],
  ['over TLS', '--sslcert', commonCertificate().cert, '--sslkey', commonCertificate().key],
]) {
  test(`a server that runs is healthy, asked ${what}`, async (t) => {
    const { port } = await start(t, ...args);
    assert.deepEqual(await check('--host', '127.0.0.1', '--port', String(port), ...args), HEALTHY);
  });
}

test("a server is asked at the operators' port if it has one", async (t) => {
  const admin = ['--admin_port', String(await freePort())];
  const server = await start(t, ...admin);
  assert.deepEqual(await check(...admin, '--port', '1'), HEALTHY);
  await server.stop();
  assert.equal((await check(...admin, '--port', String(server.port))).code, 1);
});

test('a server that listens everywhere is asked here', async (t) => {
  const { port } = await start(t, '--host', '');
  const hasIpv6 = 'lo' in networkInterfaces() && networkInterfaces().lo.some(({ address }) => address === '::1');
  for (const host of ['', '0.0.0.0', ...(hasIpv6 ? ['::', '::1'] : [])]) {
    assert.deepEqual(await check('--host', host, '--port', String(port)), HEALTHY);
  }
});

test('one line says that there is none', async () => {
  const port = await freePort();
  assert.deepEqual(await check('--host', '127.0.0.1', '--port', String(port)), {
    code: 1,
    log: `peerjsd: 127.0.0.1, port ${port}: Connection refused\n`,
  });
});

test('one line says that it serves something else', async (t) => {
  const { port } = await start(t);
  const { code, log } = await check('--host', '127.0.0.1', '--port', String(port), '--path', '/x');
  assert.equal(code, 1);
  assert.equal(log, `peerjsd: 127.0.0.1, port ${port}: it answered: HTTP/1.1 404 Not Found${REMEDY}`);
});

test('one line says that it speaks TLS, or does not', async (t) => {
  const tls = ['--sslcert', commonCertificate().cert, '--sslkey', commonCertificate().key];
  for (const [has, asked, problem] of [
    [tls, [], 'it answered: HTTP/1.1 400 Bad Request'],
    [[], tls, 'wrong version number (SSL routines)'],
  ]) {
    const { port } = await start(t, ...has);
    const { code, log } = await check('--host', '127.0.0.1', '--port', String(port), ...asked);
    assert.equal(code, 1);
    assert.equal(log, `peerjsd: 127.0.0.1, port ${port}: ${problem}${REMEDY}`);
  }
});

test('one that hangs is not healthy', async (t) => {
  const silent = createServer();
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address();
  const { code, log } = await check('--host', '127.0.0.1', '--port', String(port));
  assert.equal(code, 1);
  assert.equal(log, `peerjsd: 127.0.0.1, port ${port}: no answer within 5 seconds\n`);
});

test('a bad configuration is told as ever', async () => {
  const { code, log } = await check('--port', 'x');
  assert.equal(code, 2);
  assert.match(log, /^peerjsd: --port: 'x' is not /);
});
