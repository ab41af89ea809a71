// How many connections there may be, and how many new ones a second. Loopback is not limited, so it
// is a proxy that says where they come from, or they come from addresses in a network of their own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { OVER_TLS } from '../support/dial.mjs';
import { noNetworks, startInNetwork } from '../support/network.mjs';
import { launch } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { OPEN, Peer, relayed, request, talk, until, within } from '../support/wire.mjs';

const WHY = 'npm peer has no such limit';
const A = '203.0.113.7';
const B = '203.0.113.8';
const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
const streamFrom = (address) => ({ headers: ['Content-Length: 0', `X-Forwarded-For: ${address}`] });

/** The HTTP status that refuses the upgrade. */
const refused = (socket) => within(socket.upgraded.then(String, ({ status }) => status), 'an answer');

suite(
  'All connections',
  ['--connection_limit', '3'],
  ({ improvement }) => {
    improvement('one too many is closed, until another ends', WHY, async (scope) => {
      const { server, peer, socket } = scope;
      const peers = [await peer('a-'), await peer('a-'), await peer('a-')];
      assert.equal(await talk(server, 'GET / HTTP/1.1\nHost: x\nConnection: close\n\n'), '');
      await server.waitForLog(/Connection refused: there are too many connections \(127\.0\.0\.1\)/);
      for (const each of peers) await each.fence();
      await peers[0].close(1000);
      // Until that end is complete there is no answer.
      const isLetIn = () => socket({ id: 'late' }).next().then((text) => text === OPEN, () => false);
      await until(isLetIn, 'room for another');
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'Connections of one address',
  ['--proxied', '--ip_connections', '2'],
  ({ improvement }) => {
    improvement('the third is refused, until one ends', WHY, async ({ server, peer, socket, claim }) => {
      const one = await peer('a-', from(A));
      await peer('a-', from(A));
      assert.equal(await refused(socket({ id: 'third', ...from(A) })), 429);
      await server.waitForLog(/refused: too many connections from this address \(203\.0\.113\.7\)/);
      await peer('a-', from(B));
      await one.close(1000);
      await claim('third', from(A));
    });

    improvement('streams and WebSockets count alike', WHY, async ({ stream, peer, streaming }) => {
      const address = '198.51.100.1';
      await stream('a-', streamFrom(address));
      await peer('a-', from(address));
      const third = streaming({ id: 'c', ...streamFrom(address) });
      await within(third.ended, 'the end of the answer');
      assert.equal(third.answer.status, 429);
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'All connections, behind a proxy',
  ['--proxied', '--connection_limit', '1'],
  ({ improvement }) => {
    improvement('what comes on the last one is served', WHY, async ({ peer }) => {
      const a = await peer('a-', from(A));
      await a.fence();
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'New connections a second',
  ['--proxied', '--ip_rate', '2'],
  ({ improvement }) => {
    improvement('twenty come at once, the next one is too fast', WHY, async ({ server }) => {
      const ask = async (address) => {
        const { status, body } = await request(server, 'GET', '/', { 'X-Forwarded-For': address });
        return { status, body: status === 200 ? '' : body };
      };
      for (let i = 0; i < 20; i += 1) assert.equal((await ask(A)).status, 200, `request ${i}`);
      let answer;
      for (let i = 0; i < 20 && answer?.status !== 429; i += 1) answer = await ask(A);
      assert.deepEqual(answer, {
        status: 429,
        body: 'too many new connections a second from this address\n',
      });
      assert.equal((await ask(B)).status, 200);
      assert.equal((await ask('192.168.0.1')).status, 200);
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'Messages a second',
  ['--message_rate', '10', '--flood_timeout', '2s', '--allow_types', 'CHAT'],
  ({ improvement }) => {
    for (const [who, types] of [
      ['who', ['CANDIDATE']],
      ["who, with types of apps' own among them,", ['CHAT', 'CANDIDATE']],
    ]) {
      improvement(`${who} sends more is slowed down, and loses nothing`, WHY, async (scope) => {
        const [a, b] = [await scope.peer('a-'), await scope.peer('b-')];
        for (let i = 0; i < 105; i += 1) a.signal(types[i % types.length], b.id, i);
        for (let i = 0; i < 105; i += 1) assert.equal(JSON.parse(await b.next()).payload, i);
        await scope.server.waitForLog(
          new RegExp(`Client slowed: more than 10 messages a second \\(${a.id}, 127\\.0\\.0\\.1\\)`),
        );
        await b.fence();
      });
    }

    improvement('who goes on is ended', WHY, async ({ server, peer }) => {
      const a = await peer('a-');
      const flood = setInterval(() => a.send({ type: 'HEARTBEAT' }), 5);
      const { code, reason } = await within(a.closed, 'the end').finally(() => clearInterval(flood));
      assert.deepEqual([code, reason], [1008, 'too many messages']);
      await server.waitForLog(new RegExp(`Client floods: too many messages for .* s \\(${a.id},`));
    });
  },
  { kinds: ['peerjsd'] },
);

/** A server that has been given so many open files, in the words of the shell. */
async function startWithFiles(ulimits, args) {
  const command = `${ulimits}; exec "$0" --port 0 --host 127.0.0.1 "$@"`;
  const server = launch('peerjsd', 'sh', ['-c', command, process.env.PEERJSD, ...args], {});
  server.port = Number((await server.waitForLog(/Started PeerServer on \S+, port: (\d+)/, 20_000))[1]);
  return server;
}

describe('Open files', { skip: OVER_TLS && 'they are the same' }, () => {
  test('the server takes as many as it may', async () => {
    const server = await startWithFiles('ulimit -S -n 40', ['--concurrent_limit', '100']);
    try {
      const peers = Array.from({ length: 60 }, (_, i) => new Peer(server, { id: `peer${i}` }));
      for (const peer of peers) await peer.expect(OPEN);
      for (const peer of peers) peer.lose();
      assert.doesNotMatch(server.log(), /warning|error/);
    } finally {
      await server.stop();
    }
  });

  test('where they do not suffice it says so, and closes what is too much', async () => {
    const server = await startWithFiles('ulimit -n 80', ['--concurrent_limit', '100']);
    try {
      await server.waitForLog(
        /warning --concurrent_limit 100 is more than the 80 open files allow, which is 16 connections: raise/,
      );
      const peers = Array.from({ length: 16 }, (_, i) => new Peer(server, { id: `peer${i}` }));
      for (const peer of peers) await peer.expect(OPEN);
      assert.equal(await talk(server, 'GET / HTTP/1.1\nHost: x\n\n'), '');
      for (const peer of peers) peer.lose();
    } finally {
      await server.stop();
    }
  });

  test('without any left, those who are here go on, and who waits gets in later', async () => {
    const server = await startWithFiles('ulimit -n 200', []);
    const allow = (files) => {
      const { status } = spawnSync('prlimit', ['--pid', server.child.pid, `--nofile=${files}:200`]);
      assert.equal(status, 0);
    };
    try {
      const [a, b] = ['a', 'b'].map((id) => new Peer(server, { id }));
      await Promise.all([a.expect(OPEN), b.expect(OPEN)]);
      allow(5);
      const late = new Peer(server, { id: 'late' });
      await server.waitForLog(/ error Cannot accept connections: Too many open files; trying on/);
      const tries = 3 * 100; // it tries again every 100 ms
      for (const start = performance.now(); performance.now() - start < tries; ) {
        a.signal('OFFER', 'b', 1);
        await b.expect(relayed('OFFER', 'a', 'b', '1'));
      }
      allow(200);
      await late.expect(OPEN);
      await server.waitForLog(/ info Accepting connections again\n/);
      assert.equal(server.log().match(/Cannot accept/g).length, 1, 'said once');
      for (const peer of [a, b, late]) peer.lose();
    } catch (error) {
      error.message += `\nlog of peerjsd:\n${server.log()}`;
      throw error;
    } finally {
      await server.stop();
    }
  });
});

describe('Connections that no proxy brings', { skip: noNetworks() }, () => {
  test('the third of an address is closed', async () => {
    const network = await startInNetwork(['--host', '0.0.0.0', '--ip_connections', '2']);
    try {
      network.addAddress(A);
      network.addAddress(B);
      const open = (id, address) => {
        const url = `${network.url}/peerjs/${id}/token/id`;
        const args = ['-sNv', '-X', 'POST', '--interface', address, url];
        return network.enter(`stream of ${id}`, 'curl', ...args);
      };
      await open('a', A).waitForLog(/"OPEN"/);
      await open('b', A).waitForLog(/"OPEN"/);
      await open('c', A).waitForLog(/Empty reply|reset by peer/);
      await network.server.waitForLog(
        /Connection refused: too many connections from this address \(203\.0\.113\.7\)/,
      );
      await open('d', B).waitForLog(/"OPEN"/);
    } finally {
      await network.stop();
    }
  });
});
