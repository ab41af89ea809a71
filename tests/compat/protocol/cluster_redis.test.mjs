// The ways in which a node gets into its Redis, as docs/cluster.md has them, and those in which it
// does not.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cli, PAGE, startNode, startRedis, timesUp, upAgain, withCluster } from '../support/cluster.mjs';
import { makeCertificate, temporaryDirectory } from '../support/dial.mjs';
import { freePort, launch } from '../support/server.mjs';
import { get, listed, OPEN, relayed, unregistered, until } from '../support/wire.mjs';

const SECRET = 'p@ss:w/rd%';
const ESCAPED = encodeURIComponent(SECRET);

/** The rules that docs/cluster.md gives to a user of its own. */
function documentedRules(redis) {
  const text = readFileSync(new URL('../../../docs/cluster.md', import.meta.url), 'utf8');
  const rules = text.match(/needs `(~peerjsd1[^`]*)`/)[1].split(/\s+/);
  const hasChannels = !/redis_version:6\.0/.test(cli(redis, 'info', 'server'));
  return hasChannels ? rules : rules.filter((rule) => !rule.startsWith('&'));
}

/** All that nodes ask of their Redis, but for what they do when they stop. */
async function useAll({ nodes: [first, second], page, peer, socket, name }) {
  const a = await page('a-', { server: first });
  const b = await peer('b-', { server: second });
  a.signal('OFFER', b.id, 1);
  await b.expect(relayed('OFFER', a.id, b.id, '1'));
  const absent = name('absent-');
  b.signal('OFFER', absent, 2);
  await b.fence();
  const late = socket({ server: first, id: absent });
  await late.expect(OPEN, relayed('OFFER', b.id, absent, '2'));
  const again = socket({ server: second, id: a.id, token: a.token, origin: 'http://app.test' });
  await again.expect(OPEN);
  assert.equal((await a.expectClosed()).code, 4000);
  assert.ok((await listed(first)).includes(a.id));
  await b.close(1000);
  await unregistered(first, b);
}

/** All of them stop; what they say to that is not about Redis, and never its secret. */
async function stopAll({ nodes }) {
  for (const node of nodes) {
    await node.stop();
    assert.doesNotMatch(node.log(), /cannot be reached/);
    for (const secret of [SECRET, ESCAPED]) assert.ok(!node.log().includes(secret), node.log());
  }
}

const ALL = ['--allow_discovery', '-t', '20s'];

const directory = temporaryDirectory();
const forLocal = makeCertificate(directory, 'local');
const forAnother = makeCertificate(directory, 'another', 'DNS:redis.test');

/** A cluster whose Redis has TLS, at `tlsPort`, with a certificate. */
const withTls = ({ cert, key }, options, fn) => async () => {
  const tlsPort = await freePort();
  const redisArgs = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
  redisArgs.push('--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert);
  const { enter } = options;
  await withCluster(
    { args: ALL, redisArgs, ...options, enter: enter && (() => enter(tlsPort)) },
    (cluster) => fn({ ...cluster, tlsPort }),
  )();
};

describe('Cluster, into its Redis', { concurrency: 3 }, () => {
  it(
    'by a password, escaped as in any URL',
    withCluster(
      {
        args: ALL,
        redisArgs: ['--requirepass', SECRET],
        enter: ({ port }) => `redis://:${ESCAPED}@127.0.0.1:${port}`,
      },
      async (cluster) => {
        await useAll(cluster);
        await stopAll(cluster);
      },
    ),
  );

  it(
    'as a user who may do no more than the documentation says',
    withCluster(
      {
        args: ALL,
        enter: (redis) => {
          cli(redis, 'acl', 'setuser', 'signals', 'on', `>${SECRET}`, ...documentedRules(redis));
          cli(redis, 'acl', 'setuser', 'default', 'off');
          return `redis://signals:${ESCAPED}@127.0.0.1:${redis.port}`;
        },
      },
      async (cluster) => {
        await useAll(cluster);
        await stopAll(cluster);
      },
    ),
  );

  it(
    'by a Unix socket, to a database of one\'s own',
    withCluster(
      {
        args: ALL,
        redisArgs: ['--unixsocket', 'redis.sock'],
        enter: ({ directory }) => `unix://${join(directory, 'redis.sock')}?db=3`,
      },
      async (cluster) => {
        await useAll(cluster);
        assert.match(cli(cluster.redis, '-n', '3', '--scan'), /^peerjsd1:/);
        assert.equal(cli(cluster.redis, '-n', '0', 'dbsize').trim(), '0');
        await stopAll(cluster);
      },
    ),
  );

  for (const host of ['localhost', '127.0.0.1']) {
    it(
      `by TLS, at ${host}`,
      withTls(
        forLocal,
        {
          env: { SSL_CERT_FILE: forLocal.cert },
          enter: (tlsPort) => `rediss://${host}:${tlsPort}`,
        },
        async (cluster) => {
          await useAll(cluster);
          await stopAll(cluster);
        },
      ),
    );
  }
});

/** All commands that Redis gets from now on, and what its scripts do, as MONITOR tells them. */
async function monitor(redis) {
  const child = launch('redis-cli', 'redis-cli', ['-p', String(redis.port), 'monitor'], {});
  await child.waitForLog(/^OK/);
  return child;
}

/**
 * For each script that has run: the keys that it was given, and those that it has touched. Of a
 * command within a script that is the first argument: none of ours takes several keys.
 */
function keysOfScripts(monitored) {
  const scripts = [];
  for (const line of monitored.split('\n')) {
    const [, from, words] = line.match(/\[\d+ (\S+)\] (.*)/) ?? [];
    if (words === undefined) continue;
    const [command, ...rest] = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word);
    if (from === 'lua') {
      const isChannel = command.toUpperCase() === 'PUBLISH';
      if (!isChannel) scripts.at(-1)?.push({ command: command.toUpperCase(), key: rest[0] });
    } else if (/^evalsha$/i.test(command)) {
      scripts.push([{ command: 'KEYS', key: rest[2] }]);
    }
  }
  return scripts;
}

describe('Cluster, in a Redis Cluster', () => {
  it(
    'each script keeps to one slot',
    withCluster(
      {
        args: ALL,
        redisArgs: ['--cluster-enabled', 'yes'],
        enter: async (redis) => {
          cli(redis, 'cluster', 'addslots', ...Array(16384).keys());
          const isUp = () => /cluster_state:ok/.test(cli(redis, 'cluster', 'info'));
          await until(isUp, 'the Redis Cluster of one');
          return redis.url;
        },
      },
      async (cluster) => {
        const { redis, nodes, page, socket, name } = cluster;
        const seen = await monitor(redis);
        await useAll(cluster);
        const a = await page(name('late-'), { server: nodes[1] });
        await nodes[1].stop();
        await socket({ server: nodes[0], id: a.id, token: a.token, ...PAGE }).expect(OPEN);
        cli(redis, 'echo', 'the end');
        await seen.waitForLog(/"the end"/);
        await seen.stop();
        const scripts = keysOfScripts(seen.log());
        const slots = new Map();
        const slotOf = (key) => {
          if (!slots.has(key)) slots.set(key, cli(redis, 'cluster', 'keyslot', key).trim());
          return slots.get(key);
        };
        const commands = new Set();
        for (const keys of scripts) {
          assert.equal(new Set(keys.map(({ key }) => slotOf(key))).size, 1, JSON.stringify(keys));
          for (const { command } of keys) commands.add(command);
        }
        for (const command of ['SET', 'HSET', 'HSCAN', 'HGETALL', 'SADD', 'RPUSH', 'LRANGE']) {
          assert.ok(commands.has(command), `${command} in ${[...commands]}`);
        }
        assert.ok(new Set(slots.values()).size > 32, 'the scripts use many slots');
        await stopAll(cluster);
      },
    ),
  );
});

/** A node that is not let in by `url` says so, in these words, and serves alone. */
async function refused({ nodes, socket, name }, url, why, { env = {}, args = [] } = {}) {
  const node = await startNode(url, [...ALL, ...args], { up: false, env });
  nodes.push(node);
  await node.waitForLog(why);
  assert.match(node.log(), / error Cluster: Redis at .* cannot be reached: .*; new peers are acc/);
  for (const secret of [SECRET, ESCAPED]) assert.ok(!node.log().includes(secret), node.log());
  await socket({ server: node, id: name('alone-') }).expect(OPEN);
  return node;
}

/** When it has tried in vain to reach its Redis, in ms; told at level debug. */
const attemptsOf = (node) =>
  [...node.log().matchAll(/^(\S+) .*Redis at \S+ cannot be reached/gm)].map(([, time]) =>
    Date.parse(time),
  );

describe('Cluster, not into its Redis', { concurrency: 3 }, () => {
  it(
    'with a wrong password, until it is right',
    withCluster({ count: 0, redisArgs: ['--requirepass', 'another'] }, async (cluster) => {
      const { redis } = cluster;
      const url = `redis://:${ESCAPED}@127.0.0.1:${redis.port}`;
      const node = await refused(cluster, url, /WRONGPASS/);
      const ready = async () => (await get(node.admin, '/readyz')).status;
      assert.equal(await ready(), 503, 'an update shall not go on to the next');
      cli(redis, '-a', 'another', '--no-auth-warning', 'config', 'set', 'requirepass', SECRET);
      await until(() => timesUp(node) === 1, 'the node to be let in');
      assert.equal(node.log().match(/cannot be reached/g).length, 1, 'it is said once');
      assert.equal(await ready(), 200);
    }),
  );

  it(
    'which does not know AUTH, and repeats what it does not know',
    withCluster({ count: 0, redisArgs: ['--rename-command', 'AUTH', ''] }, (cluster) =>
      refused(cluster, `redis://:${ESCAPED}@127.0.0.1:${cluster.redis.port}`, /reached: ERR unknown command ;/),
    ),
  );

  it(
    'without a password',
    withCluster({ count: 0, redisArgs: ['--requirepass', SECRET] }, (cluster) =>
      refused(cluster, cluster.redis.url, /NOAUTH/),
    ),
  );

  it(
    'which is a replica, even one that can be written to',
    withCluster({ count: 0 }, async (cluster) => {
      const master = ['--replicaof', '127.0.0.1', String(cluster.redis.port)];
      const replica = await startRedis({ args: [...master, '--replica-read-only', 'no'] });
      try {
        await refused(cluster, replica.url, /it is a replica/);
      } finally {
        await replica.stop();
      }
    }),
  );

  it(
    'where there is another server',
    withCluster({ count: 0 }, async (cluster) => {
      const other = createServer((_, response) => response.end('hello'));
      await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
      try {
        await refused(cluster, `redis://127.0.0.1:${other.address().port}`, /Protocol error/);
      } finally {
        other.closeAllConnections();
        other.close();
      }
    }),
  );

  it(
    'where there is nothing, nor such a name',
    withCluster({ count: 0 }, async (cluster) => {
      await refused(cluster, 'redis://127.0.0.1:1', /Connection refused/);
      await refused(cluster, 'redis://redis.invalid', /its name is not found/);
      await refused(cluster, 'unix:///nowhere/redis.sock', /No such file or directory/);
    }),
  );

  it(
    'with a certificate that nobody has vouched for',
    withTls(forLocal, { count: 0 }, (cluster) =>
      refused(cluster, `rediss://localhost:${cluster.tlsPort}`, /not trusted: self.signed/),
    ),
  );

  it(
    'with the certificate of another host',
    withTls(forAnother, { count: 0 }, async (cluster) => {
      const env = { SSL_CERT_FILE: forAnother.cert };
      const at = (host) => `rediss://${host}:${cluster.tlsPort}`;
      await refused(cluster, at('localhost'), /not trusted: hostname mismatch/, { env });
      await refused(cluster, at('127.0.0.1'), /not trusted: IP address mismatch/, { env });
    }),
  );

  it(
    'where only one of the two has TLS',
    withTls(forLocal, { count: 0 }, async (cluster) => {
      await refused(cluster, `rediss://localhost:${cluster.redis.port}`, /: no TLS handshake/);
      await refused(cluster, `redis://localhost:${cluster.tlsPort}`, /reached: (End of file|Connection reset)/);
    }),
  );

  it(
    'which has no room left, and is asked less and less often',
    withCluster({ count: 0 }, async (cluster) => {
      cli(cluster.redis, 'config', 'set', 'maxmemory', '1');
      const node = await refused(cluster, cluster.redis.url, /OOM/, {
        args: ['--log_level', 'debug'],
      });
      const attempts = async (count) => {
        const before = attemptsOf(node).length;
        await until(() => attemptsOf(node).length >= before + count, `${count} more attempts`);
      };
      await attempts(4); // the pauses have grown to 0.5 s, of which at least a half is waited
      const from = performance.now();
      await attempts(8);
      assert.ok(performance.now() - from >= 2000, 'eight attempts take more than two seconds');
      const times = attemptsOf(node).slice(-9);
      const pauses = times.slice(1).map((time, i) => time - times[i]);
      assert.ok(Math.max(...pauses) - Math.min(...pauses) > 40, `they differ: ${pauses}`);
      assert.equal(timesUp(node), 0, 'it does not count as reached');
      assert.equal(node.log().match(/ error .*cannot be reached/g).length, 1, 'it is said once');
      cli(cluster.redis, 'config', 'set', 'maxmemory', '0');
      await until(() => timesUp(node) === 1, 'the node to be let in');
      assert.equal((await get(node.admin, '/readyz')).body, 'ok\n');
    }),
  );

  it(
    'which is full all at once, and has room again',
    withCluster({ args: ['-t', '20s'] }, async ({ redis, nodes, peer }) => {
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      const before = nodes.map(timesUp);
      cli(redis, 'config', 'set', 'maxmemory', '1');
      for (const node of nodes) await node.waitForLog(/cannot be reached: (ERR Error running script .*-)?OOM/);
      const late = await peer('late-', { server: nodes[0] });
      a.signal('OFFER', late.id, 'here');
      await late.expect(relayed('OFFER', a.id, late.id, '"here"'));
      a.signal('OFFER', b.id, 'there');
      await a.fence();
      for (const node of nodes) {
        assert.match((await get(node.admin, '/readyz')).body, /^ok, but /);
        assert.equal(node.log().match(/cannot be reached/g).length, 1, 'it is said once');
      }
      cli(redis, 'config', 'set', 'maxmemory', '0');
      await Promise.all(nodes.map((node, i) => upAgain(node, before[i])));
      await b.expect(relayed('OFFER', a.id, b.id, '"there"'));
      b.signal('ANSWER', late.id, 'back');
      await late.expect(relayed('ANSWER', b.id, late.id, '"back"'));
    }),
  );
});
