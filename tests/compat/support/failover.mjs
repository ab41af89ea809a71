// A program for a network of its own, in which auth.test has two addresses: the service there stops
// answering on the one that is used.

import assert from 'node:assert/strict';
import { hang, startBackend } from './backend.mjs';
import { freePort, startPeerjsd } from './server.mjs';
import { makeScope } from './suite.mjs';
import { errorText } from './wire.mjs';

const port = await freePort();
const services = [];
for (const host of ['127.0.0.21', '127.0.0.22']) {
  services.push(await startBackend(() => ({}), { host, port }));
}
const url = `http://auth.test:${port}/`;
const server = await startPeerjsd(['--auth_url', url, '--auth_timeout', '500']);
const { peer, socket, dispose } = makeScope('peerjsd', server);

await peer('a-');
const [used, other] = services.sort((x, y) => y.asked.length - x.asked.length);
assert.deepEqual([used.asked.length, other.asked.length], [1, 0]);
used.answer = hang;
await socket({ id: 'late' }).expect(errorText('The server cannot check who may connect now'));
await peer('b-');
await peer('c-');
assert.deepEqual([used.asked.length, other.asked.length], [2, 2]);

await dispose();
await server.stop();
for (const service of services) await service.stop();
console.log('all as it should be');
