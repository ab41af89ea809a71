// A program for a network of its own, on which little passes: two nodes and their Redis.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { delivered, startNode, startRedis } from './cluster.mjs';
import { SLOW } from './network.mjs';
import { makeScope } from './suite.mjs';
import { until } from './wire.mjs';

const redis = await startRedis();
const nodes = [await startNode(redis.url), await startNode(redis.url)];
const { peer, dispose } = makeScope('peerjsd', nodes[0]);
const a = await peer('a', { server: nodes[0] });
const b = await peer('b', { server: nodes[1] });

execFileSync('ip', ['link', 'set', 'lo', 'mtu', '1500']);
execFileSync('tc', ['qdisc', 'add', 'dev', 'lo', 'root', ...SLOW]);
a.signal('OFFER', b.id, 'x'.repeat(500_000)); // which takes 1.3 s to pass, or more
await until(
  async () => (await delivered(nodes[0])) === 1 || /no answer/.test(nodes[0].log()),
  'what becomes of it',
  30_000,
);
execFileSync('tc', ['qdisc', 'del', 'dev', 'lo', 'root']);
// It may take longer than a node waits for an answer; but there are signs of life.
assert.doesNotMatch(nodes[0].log(), /no answer for 1 s/);

await dispose();
await Promise.all(nodes.map((each) => each.stop()));
await redis.stop();
console.log('all as it should be');
