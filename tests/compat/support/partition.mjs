// A program for a network of its own: three nodes and their Redis, of which one node is cut off.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { startNode, startRedis, timesUp, upAgain } from './cluster.mjs';
import { makeScope } from './suite.mjs';
import { ID_TAKEN, OPEN, partners, relayed, until } from './wire.mjs';

const PAGE = { origin: 'http://app.test' };
const WAY = '127.0.0.11'; // by which the node that is cut off reaches Redis
const LEASE_MS = 15_000;

const blackhole = (action) =>
  execFileSync('ip', ['route', action, 'blackhole', `${WAY}/32`, 'table', 'local']);

const redis = await startRedis({ args: ['--bind', '0.0.0.0', '--protected-mode', 'no'] });
const lonely = await startNode(`redis://${WAY}:${redis.port}`, ['-t', '500']);
const node = await startNode(`redis://127.0.0.12:${redis.port}`, ['-t', '500']);
const third = await startNode(`redis://127.0.0.13:${redis.port}`, ['-t', '500']);
const { peer, socket, dispose } = makeScope('peerjsd', node);

const mover = await peer('mover', { server: lonely, ...PAGE });
const owner = await peer('contested', { server: lonely, token: 'one', ...PAGE });
const local = await peer('local', { server: lonely, ...PAGE });
const b = await peer('b', { server: node, ...PAGE });
const c = await peer('c', { server: third, ...PAGE });
for (const other of [mover, b, c]) await partners(local, other);

blackhole('add');
const cutAt = performance.now();
await lonely.waitForLog(/cannot be reached: no answer for 1 s/);
assert.ok(performance.now() - cutAt < 3_000, 'noticed within about a second');
await partners(mover, owner); // on the lonely node all goes on
local.signal('OFFER', b.id, 'lost way');
await local.expect(relayed('EXPIRE', b.id, local.id));

await partners(b, c); // and so it does among the others

// For the others it is there until its lease has ended; its peers may come with their tokens at
// once.
const moved = socket({ server: node, id: mover.id, ...PAGE });
await moved.expect(OPEN);
for (const other of [b, c]) await partners(other, moved);
const thief = await until(
  async () => {
    const attempt = socket({ server: node, id: owner.id, token: 'two', ...PAGE });
    return (await attempt.next()) === OPEN && attempt;
  },
  'the id of a peer of the lonely node',
  LEASE_MS + 5_000,
);
for (const other of [b, c]) {
  other.signal('OFFER', local.id, 'lost way');
  await other.expect(relayed('EXPIRE', local.id, other.id));
}

const before = timesUp(lonely);
blackhole('del');
await upAgain(lonely, before);
assert.equal((await mover.expectClosed().catch(() => mover.end)).reason, 'resumed elsewhere');
await until(() => owner.end, 'the end of who has lost its id');
const heard = [];
for (let text; (text = await owner.next().catch(() => null)) !== null;) heard.push(text);
assert.equal(heard.at(-1), ID_TAKEN);
for (const other of [b, c, moved]) {
  local.signal('CANDIDATE', other.id, 'again');
  await other.expect(relayed('CANDIDATE', local.id, other.id, '"again"'));
  other.signal('CANDIDATE', local.id, 'again');
  await local.expect(relayed('CANDIDATE', other.id, local.id, '"again"'));
}
for (const other of [local, moved, thief, b, c]) await other.fence(); // and no LEAVE

await dispose();
await Promise.all([lonely, node, third].map((each) => each.stop()));
await redis.stop();
console.log('all as it should be');
