// What becomes of a cluster when its Redis fails, or the way to it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  PAGE,
  apart,
  cli,
  idsIn,
  metric,
  startNode,
  startRedis,
  ticked,
  timesUp,
  upAgain,
  withCluster,
  withProxy,
} from '../support/cluster.mjs';
import {
  errorText,
  get,
  ID_TAKEN,
  listed,
  OPEN,
  partners,
  payloadOf,
  relayed,
  until,
} from '../support/wire.mjs';

const MESSAGES = 'peerjsd_cluster_messages_total';

/** Ends Redis at once, and waits till the nodes have noticed. */
async function loseRedis({ redis, nodes }) {
  await redis.stop('SIGKILL');
  await Promise.all(nodes.map((node) => node.waitForLog(/cannot be reached/)));
}

/** Starts an empty Redis where the other one was, and waits till the nodes are back. */
async function bringRedisBack(cluster) {
  const before = cluster.nodes.map(timesUp);
  cluster.redis = await startRedis({ port: cluster.redis.port });
  await Promise.all(cluster.nodes.map((node, i) => upAgain(node, before[i])));
}

/** Of the metric that says whether a node reaches its Redis, the value. */
const isUp = async (node) =>
  (await get(node.admin, '/metrics')).body.match(/^peerjsd_cluster_up\{.*\} (\d)$/m)[1];

/** `a` says something to `b` again and again; stop() resolves to the longest that took, in ms. */
function talking(a, b) {
  let goesOn = true;
  const talk = async () => {
    let longest = 0;
    for (let i = 0; goesOn; i += 1) {
      const from = performance.now();
      a.signal('CANDIDATE', b.id, i);
      await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
      longest = Math.max(longest, performance.now() - from);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return longest;
  };
  const end = talk();
  end.catch(() => {}); // stop() tells
  return {
    stop: () => {
      goesOn = false;
      return end;
    },
  };
}

/** The largest value of a metric of a node, whatever its labels. */
async function most(node, name) {
  const text = (await get(node.admin, '/metrics')).body;
  const values = text.split('\n').filter((line) => line.match(/^\w+/)?.[0] === name);
  assert.ok(values.length > 0, name);
  return Math.max(...values.map((line) => Number(line.split(' ').at(-1))));
}

/** The bucket of an id: its SipHash-1-3, without a key. */
function bucketOf(id) {
  const bytes = Buffer.from(id);
  let [a, b, c, d] = [
    ...[0x736f6d6570736575n, 0x646f72616e646f6dn],
    ...[0x6c7967656e657261n, 0x7465646279746573n],
  ];
  const sum = (x, y) => BigInt.asUintN(64, x + y);
  const turned = (x, by) => BigInt.asUintN(64, (x << by) | (x >> (64n - by)));
  const round = () => {
    a = sum(a, b);
    b = turned(b, 13n) ^ a;
    a = turned(a, 32n);
    c = sum(c, d);
    d = turned(d, 16n) ^ c;
    a = sum(a, d);
    d = turned(d, 21n) ^ a;
    c = sum(c, b);
    b = turned(b, 17n) ^ c;
    c = turned(c, 32n);
  };
  const padded = Buffer.alloc(8 * (Math.floor(bytes.length / 8) + 1));
  bytes.copy(padded);
  padded[padded.length - 1] = bytes.length;
  for (let i = 0; i < padded.length; i += 8) {
    const word = padded.readBigUInt64LE(i);
    d ^= word;
    round();
    a ^= word;
  }
  c ^= 0xffn;
  for (let i = 0; i < 3; i += 1) round();
  return Number((a ^ b ^ c ^ d) % 64n);
}

const readiness = async (node) => {
  const { status, body } = await get(node.admin, '/readyz');
  return `${status} ${body.trim()}`;
};

describe('Cluster, without its Redis', { concurrency: 3 }, () => {
  it(
    'peers that are there go on, new ones are accepted',
    withCluster({}, async (cluster) => {
      const { nodes, peer } = cluster;
      const a = await peer('a-');
      const b = await peer('b-');
      assert.equal(await isUp(nodes[0]), '1');
      await loseRedis(cluster);
      assert.equal(await isUp(nodes[0]), '0');
      await partners(a, b);
      const c = await peer('c-');
      await partners(a, c);
      assert.equal(
        await readiness(nodes[0]),
        '200 ok, but the Redis of the cluster cannot be reached',
      );
      assert.equal((await get(nodes[0].admin, '/healthz')).status, 200);
      assert.equal(await metric(nodes[0], 'peerjsd_cluster_outages_total'), 1);
    }),
  );

  it(
    'new peers are refused, if that is wanted, and told why',
    withCluster({ args: ['--cluster_down', 'refuse'] }, async (cluster) => {
      const { nodes, peer, socket, claim } = cluster;
      const a = await peer('a-');
      await loseRedis(cluster);
      const b = socket({ id: 'b' });
      await b.expect(errorText('The server cannot reach its cluster, try again later'));
      await b.expectClosed();
      await a.fence();
      assert.match(await readiness(nodes[0]), /^503 .*cannot be reached/);
      assert.equal((await get(nodes[0].admin, '/healthz')).status, 200);
      const again = socket({ id: a.id });
      await again.expect(OPEN); // who is known may resume
      await bringRedisBack(cluster);
      assert.equal(await readiness(nodes[0]), '200 ok');
      await claim('b');
    }),
  );

  it(
    'a Redis that comes back empty learns again who is where',
    withCluster({}, async (cluster) => {
      const { nodes, peer, socket } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      await loseRedis(cluster);
      const c = await peer('c-', { server: nodes[1] });
      await bringRedisBack(cluster);
      for (const other of [b, c]) {
        a.signal('OFFER', other.id, 1);
        await other.expect(relayed('OFFER', a.id, other.id, '1'));
        other.signal('ANSWER', a.id, 2);
        await a.expect(relayed('ANSWER', other.id, a.id, '2'));
      }
      const thief = socket({ server: nodes[0], id: c.id, token: 'theirs' });
      await thief.expect(ID_TAKEN);
    }),
  );

  it(
    'a Redis that comes back empty learns again of all that there are',
    withCluster({}, async (cluster) => {
      const { nodes, peer, name } = cluster;
      const ids = Array.from({ length: 500 }, () => name('many-')); // more than are asked for at once
      const there = await Promise.all(ids.map((id) => peer(id, { server: nodes[0] })));
      const a = await peer('a-', { server: nodes[1] });
      await loseRedis(cluster);
      await bringRedisBack(cluster);
      await until(() => idsIn(cluster.redis) === there.length + 1, 'Redis to know them');
      for (const each of there) a.signal('OFFER', each.id, 1);
      for (const each of there) await each.expect(relayed('OFFER', a.id, each.id, '1'));
    }),
  );

  it(
    'a Redis that comes back empty learns again of all of a bucket, however many',
    withCluster({}, async (cluster) => {
      const { nodes, peer, name } = cluster;
      const ids = [];
      while (ids.length < 250) {
        const id = name('same-');
        if (bucketOf(id) === 7) ids.push(id);
      }
      const there = await Promise.all(ids.map((id) => peer(id, { server: nodes[0] })));
      const a = await peer('a-', { server: nodes[1] });
      await loseRedis(cluster);
      await bringRedisBack(cluster);
      const known = () => Number(cli(cluster.redis, 'hlen', 'peerjsd1:{7}:ids:peerjs'));
      await until(() => known() >= ids.length, 'Redis to know them');
      for (const each of there) a.signal('OFFER', each.id, 1);
      for (const each of there) {
        await each.expect(relayed('OFFER', a.id, each.id, '1'));
        await each.fence();
      }
      await a.fence();
    }),
  );

  it(
    'a Redis that has lost all while it was there learns again who is where',
    withCluster({}, async ({ redis, nodes, peer, socket }) => {
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      cli(redis, 'flushall');
      await until(() => idsIn(redis) === 2, 'Redis to know them');
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await socket({ server: nodes[0], id: b.id, token: 'theirs' }).expect(ID_TAKEN);
    }),
  );

  it(
    'what waits for it has a bound, as all that waits',
    withCluster({ args: ['-t', '20s', '--outstanding_total', '64KiB'] }, async (cluster) => {
      const { nodes, redis, peer } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      const send = async () => {
        for (let i = 0; i < 20; i += 1) a.signal('CANDIDATE', b.id, `${i}${'x'.repeat(10_000)}`);
        await a.expect(relayed('EXPIRE', b.id, a.id));
        for (const each of ['peerjsd_cluster_queue_bytes', 'peerjsd_outstanding_bytes']) {
          assert.ok((await most(nodes[0], each)) <= 64 * 1024, each);
        }
      };
      redis.child.kill('SIGSTOP'); // it is not known to be away yet
      await send();
      redis.child.kill('SIGCONT');
      while (payloadOf(await b.next())[0] !== '5');
      await b.fence();
      await loseRedis(cluster);
      await send();
    }),
  );

  it(
    'what is sent meanwhile arrives when Redis is back',
    withCluster({ args: ['-t', '20s'] }, async (cluster) => {
      const { nodes, peer } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      await loseRedis(cluster);
      for (let i = 0; i < 10; i += 1) a.signal('CANDIDATE', b.id, i);
      await a.fence();
      await bringRedisBack(cluster);
      a.signal('CANDIDATE', b.id, 10);
      for (let i = 0; i <= 10; i += 1) assert.equal(payloadOf(await b.next()), i);
      await b.fence();
    }),
  );

  it(
    'the sender is told of what cannot be delivered',
    withCluster({ args: ['-t', '500'] }, async (cluster) => {
      const { nodes, peer } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      await loseRedis(cluster);
      a.signal('OFFER', b.id, 1);
      await a.expect(relayed('EXPIRE', b.id, a.id));
      await a.fence();
    }),
  );

  it(
    'of two who took the same id meanwhile one is told that it is taken',
    withCluster({}, async (cluster) => {
      const { nodes, peer } = cluster;
      await loseRedis(cluster);
      const first = await peer('same', { server: nodes[0], token: 'one' });
      const second = await peer('same', { server: nodes[1], token: 'two' });
      await bringRedisBack(cluster);
      const loser = await until(
        () => [first, second].find((each) => each.end),
        'the end of one of them',
      );
      assert.equal(await loser.next().catch(() => ''), ID_TAKEN);
      const winner = loser === first ? second : first;
      await winner.fence();
      assert.equal(nodes.filter((node) => /Another peer has the id/.test(node.log())).length, 1);
    }),
  );

  it(
    'who went to another node meanwhile stays there, and nobody is told that it left',
    withCluster({ args: ['-t', '20s'] }, async (cluster) => {
      const { nodes, peer } = cluster;
      const old = await peer('same', { server: nodes[0], ...PAGE });
      const partner = await peer('p-', { server: nodes[0], ...PAGE });
      await partners(old, partner);
      await loseRedis(cluster);
      await old.fence();
      await ticked(nodes[1]); // of two within some milliseconds it may be the other one
      const moved = await peer('same', { server: nodes[1], ...PAGE });
      await moved.fence();
      await bringRedisBack(cluster);
      assert.equal((await old.expectClosed()).reason, 'resumed elsewhere');
      partner.signal('CANDIDATE', 'same', 1);
      await moved.expect(relayed('CANDIDATE', partner.id, 'same', '1'));
      await partner.fence();
    }),
  );

  it(
    'ids that became free meanwhile are free',
    withCluster({}, async (cluster) => {
      const { nodes, peer, claim, redis } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const before = nodes.map(timesUp);
      cli(redis, 'client', 'pause', '2500');
      await nodes[0].waitForLog(/cannot be reached: no answer/);
      await a.close(1000);
      await Promise.all(nodes.map((node, i) => upAgain(node, before[i])));
      await claim(a.id, { server: nodes[1], token: 'another' });
    }),
  );

  it(
    'who asks for something while Redis hangs is answered',
    withCluster({ args: ['--cluster_down', 'refuse', '--allow_discovery'] }, async (cluster) => {
      const { nodes, peer, redis, socket } = cluster;
      const here = await peer('h-', { server: nodes[0] });
      const there = await peer('t-', { server: nodes[1] });
      const ask = (path) =>
        get(nodes[0].admin, path, { Authorization: 'Bearer token-of-the-tests' });
      redis.child.kill('SIGSTOP');
      try {
        const from = performance.now();
        const [answer, list, all, one] = await Promise.all([
          socket({ id: 'late' }).next(),
          listed(nodes[0]),
          ask('/peers/peerjs'),
          ask(`/peers/peerjs/${there.id}`),
        ]);
        const took = performance.now() - from;
        assert.ok(took < 3_000, `answered after ${took} ms`);
        assert.equal(answer, errorText('The server cannot reach its cluster, try again later'));
        assert.deepEqual(list, [here.id]);
        assert.deepEqual(JSON.parse(all.body).peers.map(({ id }) => id), [here.id]);
        assert.equal(one.status, 503);
      } finally {
        redis.child.kill('SIGCONT');
      }
    }),
  );

  it(
    'nodes that have stood still do not take Redis for silent',
    withCluster({}, async ({ nodes, peer, redis }) => {
      const a = await peer('a-', { server: nodes[0] });
      const b = await peer('b-', { server: nodes[1] });
      const all = [redis, ...nodes];
      redis.child.kill('SIGSTOP');
      a.signal('OFFER', b.id, 1);
      await a.fence(); // Redis owes an answer
      for (const each of nodes) each.child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      for (const each of all.reverse()) each.child.kill('SIGCONT');
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      for (const node of nodes) {
        await ticked(node);
        assert.equal(await metric(node, 'peerjsd_cluster_outages_total'), 0, node.log());
      }
    }),
  );

  it(
    'nothing waits for a Redis that hangs',
    withCluster({}, async (cluster) => {
      const { nodes, peer, redis } = cluster;
      const a = await peer('a-', { server: nodes[0] });
      const others = Array.from({ length: 500 }, () => peer('p-', { server: nodes[0] }));
      await Promise.all(others); // to be claimed anew
      const before = nodes.map(timesUp);
      const talk = talking(a, await peer('b-', { server: nodes[0] }));
      redis.child.kill('SIGSTOP');
      try {
        const from = performance.now();
        await peer('c-', { server: nodes[0] });
        assert.ok(performance.now() - from < 3_000, 'a new peer waits for about a second');
        for (const node of nodes) await node.waitForLog(/cannot be reached: no answer for 1 s/);
      } finally {
        redis.child.kill('SIGCONT');
      }
      await Promise.all(nodes.map((node, i) => upAgain(node, before[i])));
      const longest = await talk.stop();
      assert.ok(longest < 1_000, `within a node a message took ${longest} ms`);
      const d = await peer('d-', { server: nodes[1] });
      await partners(a, d);
    }),
  );
});

describe('Cluster, with a bad way to its Redis', { concurrency: 3 }, () => {
  it(
    'a slow one delays, but neither loses nor turns round',
    withProxy(async ({ proxy, near, far, peer }) => {
      proxy.delay = 150;
      const a = await peer('a-', { server: far });
      const b = await peer('b-', { server: near });
      const c = await peer('c-', { server: far });
      for (let i = 0; i < 100; i += 1) {
        a.signal('CANDIDATE', b.id, i);
        b.signal('CANDIDATE', a.id, i);
        if (i % 10 === 0) await c.fence(); // so that not all goes together
      }
      for (let i = 0; i < 100; i += 1) {
        assert.equal(payloadOf(await a.next()), i);
        assert.equal(payloadOf(await b.next()), i);
      }
      assert.equal(timesUp(far), 1, 'it has not been taken for broken');
    }),
  );

  it(
    'who comes before a node has reached it waits',
    withProxy(async ({ proxy, nodes, near, name, socket }) => {
      proxy.delay = 200;
      const url = `redis://127.0.0.1:${proxy.port}`;
      const fresh = await startNode(url, ['--cluster_down', 'refuse'], { up: false });
      nodes.push(fresh);
      const id = name('early-');
      await socket({ server: fresh, id }).expect(OPEN);
      await socket({ server: near, id, token: 'theirs' }).expect(ID_TAKEN);
    }),
  );

  it(
    'what was left over is cleared away',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const gone = await Promise.all(Array.from({ length: 100 }, () => peer('p-', { server: far })));
        await apart({ proxy, far }, () => Promise.all(gone.map((each) => each.close(1000))));
        await until(async () => (await listed(near)).length === 0, 'nobody to be left over');
      },
      { args: ['--allow_discovery'] },
    ),
  );

  it(
    'what may or may not have been delivered arrives once',
    withProxy(async ({ proxy, near, far, peer }) => {
      const a = await peer('a-', { server: far });
      const b = await peer('b-', { server: near });
      for (let round = 0; round < 5; round += 1) {
        const before = timesUp(far);
        proxy.holdsAnswers = proxy.holdsMessages = true;
        a.signal('CANDIDATE', b.id, `${round} known to have come`);
        await b.expect(relayed('CANDIDATE', a.id, b.id, `"${round} known to have come"`));
        a.signal('CANDIDATE', b.id, `${round} behind it`);
        await a.fence();
        proxy.holdsAnswers = proxy.holdsMessages = false;
        proxy.cut();
        await upAgain(far, before);
        await b.expect(relayed('CANDIDATE', a.id, b.id, `"${round} behind it"`));
        await until(
          async () => (await metric(far, MESSAGES, '{result="delivered"}')) === 2 * (round + 1),
          'the node to know that all is delivered',
        );
      }
      await b.fence();
      assert.equal(await metric(near, 'peerjsd_cluster_repeated_total'), 5);
    }),
  );

  it(
    'what is too much for one go when the way is there again follows by and by',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const a = await peer('a-', { server: far });
        const b = await peer('b-', { server: near });
        const large = (i) => `${i}${'x'.repeat(40_000)}`;
        await apart({ proxy, far }, async () => {
          for (let i = 0; i < 5; i += 1) a.signal('CANDIDATE', b.id, large(i));
          await a.fence();
        });
        for (let i = 0; i < 5; i += 1) assert.equal(payloadOf(await b.next()), large(i));
        await a.fence();
      },
      { args: ['--send_queue_bytes', '64KiB', '--max_message_bytes', '64KiB'] },
    ),
  );

  it(
    'one that takes less than is offered fills no memory, and counts as away in the end',
    withProxy(
      async ({ proxy, near, far, peer }) => {
        const make = (server) => peer('p-', { server });
        const pairs = [];
        for (let i = 0; i < 32; i += 1) pairs.push([await make(far), await make(near)]);
        proxy.rate = 300_000;
        let most = 0;
        await until(async () => {
          for (const [a, b] of pairs) a.signal('CANDIDATE', b.id, 'x'.repeat(60_000));
          most = Math.max(most, await metric(far, 'peerjsd_cluster_unsent_bytes'));
          return /no answer for 3 s, it takes less than there is to send/.test(far.log());
        }, 'the node to give its way up', 20_000);
        assert.ok(most > 0 && most < 1.5 * 1024 * 1024, `${most} bytes unsent`);
        const before = timesUp(far);
        proxy.rate = 0;
        await peer('new-', { server: far });
        await upAgain(far, before);
        const [a, b] = [await make(far), await make(near)];
        await partners(a, b);
      },
      {
        args: [
          ...['-t', '1s', '--outstanding_total', '16MiB', '--message_rate', '0'],
          ...['--send_queue_bytes', '448KiB'],
        ],
      },
    ),
  );

  it(
    'a connection that is cut is made again, and nobody notices',
    withProxy(async ({ proxy, near, far, peer }) => {
      const a = await peer('a-', { server: far });
      const b = await peer('b-', { server: near });
      for (let i = 0; i < 200; i += 1) {
        a.signal('CANDIDATE', b.id, i);
        if (i % 50 !== 25) continue;
        const before = timesUp(far);
        proxy.cut();
        await upAgain(far, before);
      }
      for (let i = 0; i < 200; i += 1) assert.equal(payloadOf(await b.next()), i);
      b.signal('CANDIDATE', a.id, 'back');
      await a.expect(relayed('CANDIDATE', b.id, a.id, '"back"'));
      await b.fence();
    }),
  );
});
