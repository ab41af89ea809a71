// What a cluster costs: the same messages within a node and across nodes, what Redis has to do for
// them and for peers that are idle, and how long a peer is out of reach when its node is killed. See
// docs/cluster.md. Needs redis-server, and the release and its benchmarks built.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { metric, startNode, startRedis } from '../tests/compat/support/cluster.mjs';
import { startPeerjsd } from '../tests/compat/support/server.mjs';
import { OPEN, Peer, relayed } from '../tests/compat/support/wire.mjs';
import { processorTime } from './soak/process.mjs';

const BUILD = fileURLToPath(new URL('../build/release/', import.meta.url));
process.env.PEERJSD ??= `${BUILD}peerjsd`;
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, peers: { type: 'string', default: '9000' } },
});
const ROUNDS = Number(options.rounds);
const COMMON = ['--message_rate', '100000000', '--concurrent_limit', '100000', '--ip_rate', '0'];
const run = promisify(execFile);

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Nodes with a Redis; `count` 0: a server that is alone. */
async function withNodes(count, measure) {
  const redis = count > 0 ? await startRedis() : null;
  const nodes = [];
  try {
    if (count === 0) nodes.push(await startPeerjsd([...COMMON, '--log_level', 'warn']));
    for (let i = 0; i < count; i += 1) nodes.push(await startNode(redis.url, COMMON));
    return await measure(nodes, redis);
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await redis?.stop('SIGKILL');
  }
}

/** Relays messages between pairs spread over the nodes. */
const relay = (count, pairs, inFlight) =>
  withNodes(count, async ([first, ...others], redis) => {
    const commands = async () =>
      redis ? sum(await Promise.all([first, ...others].map((n) => metric(n, COMMANDS)))) : 0;
    const before = await commands();
    const { stdout } = await run(`${BUILD}bench_relay`, [
      ...['--port', String(first.port), '--process', String(first.pid)],
      ...others.flatMap(({ port, pid }) => [
        ...['--other-port', String(port), '--other-process', String(pid)],
      ]),
      ...(redis ? ['--other-process', String(redis.pid)] : []),
      ...['--pairs', String(pairs), '--in-flight', String(inFlight)],
      ...['--milliseconds', '2000', '--warm-up', '500'],
    ]);
    const result = JSON.parse(stdout);
    const of = result.cpu_us_of_each;
    const ofRedis = redis ? of.at(-1) : 0;
    const ofNodes = sum(of) - ofRedis;
    return {
      nodes: ofNodes,
      redis: ofRedis,
      rate: result.messages_per_second,
      commands: ((await commands()) - before) / result.messages,
    };
  });

const COMMANDS = 'peerjsd_cluster_commands_total';
const cpu = ({ pid }) => processorTime(pid).used;
const sum = (values) => values.reduce((a, b) => a + b, 0);

async function measureRelaying() {
  const rows = [];
  for (const [name, count] of [
    ['one server, no cluster', 0],
    ['one node of a cluster', 1],
    ['across two nodes', 2],
    ['across three nodes', 3],
  ]) {
    for (const [pairs, inFlight] of [[1, 1], [100, 1], [100, 16]]) {
      const results = [];
      for (let i = 0; i < ROUNDS; i += 1) results.push(await relay(count, pairs, inFlight));
      const of = (key) => median(results.map((each) => each[key]));
      rows.push({
        '': `${name}, ${pairs} x ${inFlight} under way`,
        'nodes µs CPU/message': of('nodes').toFixed(2),
        'Redis µs CPU/message': of('redis').toFixed(2),
        'commands/message': of('commands').toFixed(2),
        'messages/s': of('rate').toFixed(0),
      });
    }
  }
  console.table(rows);
}

/** Of a node with many peers that do nothing. */
const measureIdle = () =>
  withNodes(1, async ([node], redis) => {
    const seconds = 20;
    const ids = Array.from({ length: Number(options.peers) }, () => randomUUID());
    const peers = [];
    const used = async () => Number((await redisInfo(redis)).match(/used_memory:(\d+)/)[1]);
    const start = { memory: await used(), commands: await metric(node, COMMANDS), cpu: cpu(redis) };
    while (ids.length > 0) {
      const some = ids.splice(0, 100).map((id) => new Peer(node, { id }));
      await Promise.all(some.map((peer) => peer.next()));
      peers.push(...some);
    }
    const claimed = (await metric(node, COMMANDS)) - start.commands;
    const micros = (cpu(redis) - start.cpu) * 1e6;
    const memory = (await used()) - start.memory;
    const before = await metric(node, COMMANDS);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const commands = (await metric(node, COMMANDS)) - before;
    for (const peer of peers) peer.lose();
    console.log(
      `to connect, a peer costs Redis ${(micros / peers.length).toFixed(1)} µs in ` +
        `${(claimed / peers.length).toFixed(2)} commands`,
    );
    console.log(
      `${peers.length} idle peers: ${((commands * 60) / seconds).toFixed(0)} commands a minute in all, ` +
        `${((commands * 60) / seconds / peers.length).toFixed(3)} a peer; ` +
        `Redis holds ${(memory / peers.length).toFixed(0)} bytes a peer`,
    );
  });

async function redisInfo(redis) {
  return (await run('redis-cli', ['-p', String(redis.port), 'info', 'memory'])).stdout;
}

/** From the death of a node to a message for its peer that has come to another. */
const measureDeath = () =>
  withNodes(2, async ([first, second]) => {
    const token = 'of a';
    const a = new Peer(first, { id: 'a', token });
    const b = new Peer(second, { id: 'b' });
    await Promise.all([a.expect(OPEN), b.expect(OPEN)]);
    process.kill(first.pid, 'SIGKILL');
    const from = performance.now();
    await a.closed;
    const again = new Peer(second, { id: 'a', token });
    await again.expect(OPEN);
    b.signal('OFFER', 'a', 1);
    await again.expect(relayed('OFFER', 'b', 'a', '1'));
    const took = performance.now() - from;
    for (const peer of [again, b]) peer.lose();
    return took;
  });

await measureRelaying();
await measureIdle();
const times = [];
for (let i = 0; i < 2 * ROUNDS; i += 1) times.push(await measureDeath());
console.log(`from kill -9 of a node to its peer being reachable: ${median(times).toFixed(1)} ms`);
