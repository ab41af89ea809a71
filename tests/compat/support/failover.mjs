// A program for a network of its own, in which auth.test has two addresses: the service there falls
// ill on the one that is used.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { RESET, hang, startBackend } from './backend.mjs';
import { makeCertificate, temporaryDirectory } from './dial.mjs';
import { freePort, startPeerjsd } from './server.mjs';
import { makeScope } from './suite.mjs';
import { errorText } from './wire.mjs';

const CANNOT = errorText('The server cannot check who may connect now');

async function fallingIll(answer, then) {
  const port = await freePort();
  const services = [];
  for (const host of ['127.0.0.21', '127.0.0.22']) {
    services.push(await startBackend(() => ({}), { host, port }));
  }
  const url = `http://auth.test:${port}/`;
  const server = await startPeerjsd(['--auth_url', url, '--auth_timeout', '500']);
  const scope = makeScope('peerjsd', server);
  await scope.peer('a-');
  const [used, other] = services.sort((x, y) => y.asked.length - x.asked.length);
  assert.deepEqual([used.asked.length, other.asked.length], [1, 0]);
  used.answer = answer;
  await then({ ...scope, used, other });
  await scope.dispose();
  await server.stop();
  for (const service of services) await service.stop();
}

await fallingIll(hang, async ({ peer, socket, used, other }) => {
  await socket({ id: 'late' }).expect(CANNOT);
  await peer('b-');
  await peer('c-');
  assert.deepEqual([used.asked.length, other.asked.length], [2, 2]);
});

for (const ill of [() => RESET, () => ({ status: 503 })]) {
  await fallingIll(ill, async ({ peer, socket, used, other }) => {
    await peer('b-');
    await peer('c-');
    assert.equal(other.asked.length, 2, 'whoever is asked about is asked about once more');
    const before = used.asked.length;
    await peer('d-');
    assert.equal(used.asked.length, before, 'the sick one is left alone');
    other.answer = () => ({ status: 403 });
    await socket({ id: 'e' }).expect(errorText('Unauthorized'));
    other.answer = ill;
    await socket({ id: 'f' }).expect(CANNOT);
  });
}
// Who is not trusted at one address may have put the other one out of reach.
{
  const secure = makeCertificate(temporaryDirectory(), 'backend', 'DNS:auth.test');
  const distrusted = await startBackend(() => ({}), { host: '127.0.0.21', secure });
  const { port } = distrusted;
  const silent = createServer().listen(port, '127.0.0.22');
  await once(silent, 'listening');
  const url = `https://auth.test:${port}/`;
  const args = ['--auth_url', url, '--auth_timeout', '500', '--auth_down', 'accept'];
  const server = await startPeerjsd(args);
  const scope = makeScope('peerjsd', server);
  for (const id of ['a', 'b']) await scope.socket({ id }).expect(CANNOT);
  const many = Array.from({ length: 40 }, (_, i) => scope.socket({ id: `m${i}` }));
  await Promise.all(many.map((each) => each.expect(CANNOT)));
  assert.deepEqual(distrusted.asked, []);
  await server.waitForLog(/its certificate is not trusted: .*; b is refused/);
  await distrusted.stop();
  await scope.dispose();
  await server.stop();
  silent.close();
}
// The same where the other one has nobody behind it, until it has.
{
  const directory = temporaryDirectory();
  const [bad, good] = ['bad', 'good'].map((n) => makeCertificate(directory, n, 'DNS:auth.test'));
  const distrusted = await startBackend(() => ({}), { host: '127.0.0.21', secure: bad });
  const { port } = distrusted;
  const ill = () => ({ status: 503 });
  const other = await startBackend(ill, { host: '127.0.0.22', port, secure: good });
  const args = ['--auth_url', `https://auth.test:${port}/`, '--auth_down', 'accept'];
  const server = await startPeerjsd(args, { env: { SSL_CERT_FILE: good.cert } });
  const scope = makeScope('peerjsd', server);
  await Promise.all(['a', 'b', 'c'].map((id) => scope.socket({ id }).expect(CANNOT)));
  await server.waitForLog(/it answers with status 503; before, its certificate is not trusted: .*; a/);
  other.answer = () => ({});
  await scope.peer('d-');
  assert.deepEqual(distrusted.asked, []);
  await scope.dispose();
  await server.stop();
  for (const service of [distrusted, other]) await service.stop();
}
console.log('all as it should be');
