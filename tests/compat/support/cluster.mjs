// Several nodes and the Redis that joins them, all of them real.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, launch, startOnFreePort, startPeerjsd } from './server.mjs';
import { makeScope } from './suite.mjs';
import { startTcpProxy } from './tcp_proxy.mjs';
import { get, partners, until } from './wire.mjs';

/** What a socket of a browser has; its peer may come back. */
export const PAGE = { origin: 'http://app.test' };

const READY = /Ready to accept connections/;

/** The program: REDIS_SERVER=valkey-server has the tests run with another one. */
const { REDIS_SERVER = 'redis-server' } = process.env;

/** A Redis that keeps nothing; with `port`, where one was before. */
export async function startRedis({ port, args = [] } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'peerjsd-redis-'));
  const command = (on) => [
    ...['--port', String(on), '--bind', '127.0.0.1', '--dir', directory],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no', ...args],
  ];
  const start = (on) => launch('redis', REDIS_SERVER, command(on), {});
  const redis = port ? start(port) : await startOnFreePort(start, READY);
  redis.port = port ?? redis.port;
  await redis.waitForLog(READY);
  redis.url = `redis://127.0.0.1:${redis.port}`;
  redis.directory = directory;
  const stop = redis.stop;
  redis.stop = async (signal) => {
    const end = await stop(signal);
    rmSync(directory, { recursive: true, force: true });
    return end;
  };
  return redis;
}

/** A node; `up` once it has reached its Redis. */
export async function startNode(redisUrl, args = [], { up = true, env = {}, adminPort } = {}) {
  adminPort ??= await freePort();
  const own = ['--admin_port', String(adminPort), '--admin_token', 'token-of-the-tests'];
  const node = await startPeerjsd(['--cluster', redisUrl, ...own, ...args], { env });
  node.admin = { host: node.host, port: adminPort };
  if (up) await node.waitForLog(/Redis at \S+ reached, this is node (\w+)/);
  return node;
}

/** The value of a metric of a node; `labels` as in the text. */
export async function metric(node, name, labels = '') {
  const text = (await get(node.admin, '/metrics')).body;
  const line = text.split('\n').find((each) => each.startsWith(`${name}${labels} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

/** As it calls itself in Redis. */
export const nameOf = (node) => /this is node (\w+)/.exec(node.log())[1];

/** How many peers have gone on from a node to others. */
export const handedOver = (node) =>
  metric(node, 'peerjsd_cluster_moves_total', '{reason="resumed"}');

/** How many of a node's messages have arrived on others. */
export const delivered = (node) =>
  metric(node, 'peerjsd_cluster_messages_total', '{result="delivered"}');

/** Resolves when the node has so many times looked after what is due. */
export async function ticked(node, times = 2) {
  const ticks = () => metric(node, 'peerjsd_loop_lag_seconds_count');
  const before = await ticks();
  await until(async () => (await ticks()) >= before + times, `${times} ticks`);
}

/** How many times a node has reached its Redis. */
export const timesUp = (node) => node.log().match(/Redis at \S+ reached/g)?.length ?? 0;

/** Resolves when the node has reached its Redis more often than `before`. */
export const upAgain = (node, before) =>
  until(() => timesUp(node) > before, 'the node to reach its Redis again');

/**
 * Tests that share a Redis and `count` nodes, started with `args`. Each gets a scope as those of
 * suite(), with `redis` and `nodes`.
 */
export function clusterSuite(title, { count = 3, args = [], concurrency = 1 }, define) {
  describe(title, { concurrency }, () => {
    let redis;
    const nodes = [];
    before(async () => {
      redis = await startRedis();
      for (let i = 0; i < count; i += 1) nodes.push(await startNode(redis.url, args));
    });
    after(async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await redis?.stop();
    });
    define((name, fn) =>
      it(name, async () => {
        const scope = makeScope('peerjsd', nodes[0]);
        try {
          await fn({ ...scope, redis, nodes });
        } catch (error) {
          for (const node of nodes) error.message += `\nlog of a node:\n${node.log().slice(-1500)}`;
          throw error;
        } finally {
          await scope.dispose();
        }
      }),
    );
  });
}

/** What redis-cli says. */
export const cli = ({ port }, ...args) =>
  execFileSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' });

/** Gives a node `texts` as what its peer has had on another one; says how many have heard of it. */
export function bequeath(redis, node, { id, token }, texts) {
  const digest = createHash('sha256').update(`peerjs\0${id}\0${token}`).digest('hex').slice(0, 32);
  const kept = texts.flatMap((text) => ['', 'EXPIRE', '0', text, '0', '0']);
  const parts = ['bequest', 'peerjs', id, digest, '0', String(kept.length), ...kept];
  const input = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  const options = { encoding: 'utf8', input };
  const args = ['-p', String(redis.port), '-x', 'publish', `peerjsd1:${nameOf(node)}`];
  return Number(execFileSync('redis-cli', args, options));
}

/** How many ids Redis has, whether anybody has them or not. */
export function idsIn(redis) {
  const script = `local count = 0
    for _, ids in ipairs(redis.call('KEYS', '*:ids:*')) do count = count + redis.call('HLEN', ids) end
    return count`;
  return Number(cli(redis, 'eval', script, '0'));
}

/** A test with a Redis and nodes of its own, which get in by the URL that `enter` makes of it. */
export function withCluster(
  { count = 2, args = [], env = {}, redisArgs = [], enter = (redis) => redis.url },
  fn,
) {
  return async () => {
    const redis = await startRedis({ args: redisArgs });
    const nodes = [];
    let scope;
    const own = { redis };
    try {
      const url = await enter(redis);
      for (let i = 0; i < count; i += 1) nodes.push(await startNode(url, args, { env }));
      scope = makeScope('peerjsd', nodes[0]);
      await fn(Object.assign(own, scope, { nodes }));
    } catch (error) {
      for (const node of nodes) error.message += `\nlog of a node:\n${node.log().slice(-2500)}`;
      throw error;
    } finally {
      await scope?.dispose();
      for (const node of nodes) node.child.kill('SIGCONT'); // one that is stopped cannot end
      await Promise.all(nodes.map((node) => node.stop()));
      await own.redis.stop();
    }
  };
}

/**
 * The same, with `count` nodes that have their Redis at hand, of which `near` is one, and `far`,
 * whose way to it goes through a proxy. Messages wait for 20 s.
 */
export function withProxy(fn, { count = 1, args: more = [], farArgs = [] } = {}) {
  const args = ['-t', '20s', ...more];
  return withCluster({ count, args }, async (cluster) => {
    const proxy = await startTcpProxy(cluster.redis.port);
    try {
      const far = await startNode(`redis://127.0.0.1:${proxy.port}`, [...args, ...farArgs]);
      cluster.nodes.push(far);
      await fn({ ...cluster, proxy, near: cluster.nodes[0], far });
    } finally {
      await proxy.stop();
    }
  });
}

/** For as long as `fn` takes, the node does not reach its Redis. */
export async function apart({ proxy, far }, fn) {
  const before = timesUp(far);
  proxy.refuses = true;
  proxy.cut();
  await far.waitForLog(/cannot be reached/);
  await fn();
  proxy.refuses = false;
  await upAgain(far, before);
}

/** Two pages that know each other; for the first, which is lost, waits what the second sent. */
export async function lostWithAMessage(server, peer, { other = server } = {}) {
  const a = await peer('a-', { server, ...PAGE });
  const b = await peer('b-', { server: other, ...PAGE });
  await partners(a, b);
  a.lose();
  await until(() => server.log().includes('connection lost'), 'the end of the connection');
  const before = await delivered(other);
  b.signal('CANDIDATE', a.id, 'meanwhile');
  await b.fence();
  if (other === server) return { a, b };
  await until(async () => (await delivered(other)) > before, 'its node to have the message');
  return { a, b };
}

/**
 * `a` is lost, with a message for `x` under way, whose node does not answer: so what it has stays
 * on its node for a little. For `a` waits what `b` sends then.
 */
export async function lostWhileSending({ server, other = server, silent, a, b, x }) {
  await partners(a, b);
  silent.child.kill('SIGSTOP');
  a.signal('OFFER', x.id, 'on the way');
  await a.fence();
  a.lose();
  await server.waitForLog(/connection lost/);
  const before = await delivered(other);
  b.signal('CANDIDATE', a.id, 'meanwhile');
  await b.fence();
  if (other === server) return;
  await until(async () => (await delivered(other)) > before, 'its node to have the message');
}
