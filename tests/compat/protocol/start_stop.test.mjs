// The process: its banner, what an address that cannot be had leads to, and how it ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { dial } from '../support/dial.mjs';
import { suite } from '../support/suite.mjs';
import { runToEnd, startFromEnvironment } from '../support/server.mjs';
import { DEADLINE_MS, get, relayed, within } from '../support/wire.mjs';

suite('Start', [], ({ kind, both, improvement }) => {
  both('the banner names address, port and path', async ({ server, start }) => {
    assert.match(
      server.log(),
      new RegExp(`Started PeerServer on 127\\.0\\.0\\.1, port: ${server.port}, path: /\n`),
    );
    const other = await start(['--path', '/app']);
    await other.waitForLog(/, path: \/app\/?\n/);
  });

  both('the port may come from PORT, the path from PEERSERVER_PATH', async ({ adopt }) => {
    const server = adopt(await startFromEnvironment(kind, { PEERSERVER_PATH: '/env' }));
    await server.waitForLog(new RegExp(`, port: ${server.port}, path: /env/?\n`));
    assert.equal((await get(server, '/env/peerjs/id')).status, 200);
  });

  improvement(
    'a taken port ends the start with one plain line',
    'npm peer prints the error and goes on without a port',
    async ({ server }) => {
      const end = await runToEnd(['--host', '127.0.0.1', '--port', String(server.port)]);
      assert.ok(end.code > 0, `code ${end.code}, signal ${end.signal}`);
      const lines = end.log.trimEnd().split('\n');
      assert.equal(lines.length, 1, end.log);
      assert.match(lines[0], new RegExp(`port ${server.port}\\b.*in use; .*--port`));
      assert.doesNotMatch(lines[0], /terminate|exception|asio/i);
    },
  );

  improvement(
    'an address that is not here ends the start with one plain line',
    'npm peer prints the error and goes on without a port',
    async () => {
      for (const host of ['192.0.2.1', 'no-such-host.invalid']) {
        const end = await runToEnd(['--host', host, '--port', '0']);
        assert.equal(end.code, 1, end.log);
        assert.match(end.log, new RegExp(`^peerjsd: cannot listen on ${host}, .*; check --host\n$`));
      }
    },
  );

  improvement(
    'a bad value ends the start with one line and code 2',
    'npm peer prints its help',
    async () => {
      for (const [args, named] of [
        [['--port', 'x'], "--port: 'x' is not"],
        [['--prot', '9000'], '--prot: unknown option; did you mean --port'],
        [['--config', '/nowhere/at/all'], '/nowhere/at/all'],
        [['--sslkey', 'key.pem'], '--sslkey'],
      ]) {
        const end = await runToEnd(args);
        assert.equal(end.code, 2, end.log);
        assert.match(end.log, /^peerjsd: [^\n]+\n$/);
        assert.ok(end.log.includes(named), end.log);
      }
    },
  );
});

suite(
  'Start without permission',
  [],
  ({ improvement }) => {
    const port = privilegedPort();
    const wrapper = withoutPrivilege();
    const obstacle =
      port < 1 ? 'everybody may have any here' : !wrapper && 'root without setpriv may have it';
    if (obstacle) return it('a port it may not have', { skip: obstacle });

    improvement(
      'a port it may not have ends the start with one plain line',
      'npm peer prints the error and goes on without a port',
      async () => {
        const args = ['--host', '127.0.0.1', '--port', String(port)];
        const [command, ...rest] = [...wrapper, process.env.PEERJSD, ...args];
        const end = spawnSync(command, rest, { encoding: 'utf8', timeout: DEADLINE_MS });
        assert.deepEqual([end.status, end.signal, end.stdout], [1, null, ''], end.stderr);
        assert.match(end.stderr, /^[^\n]+\n$/, 'one line');
        assert.match(end.stderr, new RegExp(`port ${port}\\b.*denied.*--port`));
        assert.doesNotMatch(end.stderr, /terminate|exception|asio/i);
      },
    );
  },
  { kinds: ['peerjsd'] },
);

/** The highest port that is not for everybody; less than 1 if all are. */
function privilegedPort() {
  const first = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
  return Math.min(Number(first), 1024) - 1;
}

/** The command under which a program may not have a privileged port; undefined if none is here. */
function withoutPrivilege() {
  if (process.getuid() !== 0) return [];
  const setpriv = ['setpriv', '--bounding-set=-net_bind_service'];
  const { status } = spawnSync(setpriv[0], [...setpriv.slice(1), 'true']);
  return status === 0 ? setpriv : undefined;
}

const WHY = 'npm peer does not end while somebody is connected';

suite('Stop', [], ({ both, improvement }) => {
  both('SIGTERM and SIGINT end an idle server with 0', async ({ start }) => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      const server = await start([]);
      await get(server, '/');
      assert.deepEqual(await server.stop(signal, DEADLINE_MS), { code: 0, signal: null });
    }
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    improvement(
      `${signal} closes every connection with 1012 and ends with 0`,
      WHY,
      async (scope) => {
        const server = await scope.start([]);
        const peers = [];
        for (let i = 0; i < 20; i += 1)
          peers.push(await scope[i % 2 ? 'peer' : 'page'](`p${i}`, { server }));
        for (const peer of peers.slice(1)) {
          peer.signal('OFFER', 'p0', 1);
          await peers[0].expect(relayed('OFFER', peer.id, 'p0', '1'));
        }
        const end = server.stop(signal);
        // expectClosed() sees to it that no LEAVE came before.
        for (const peer of peers) assert.equal((await peer.expectClosed()).code, 1012, peer.id);
        assert.deepEqual(await within(end, 'the end of the server'), { code: 0, signal: null });
      },
    );
  }

  improvement('nobody new is let in while it stops', WHY, async ({ start, mute }) => {
    const server = await start(['--drain_timeout', '60000']);
    const a = await mute('a', { server });
    const ending = server.stop();
    const frame = await a.message();
    assert.deepEqual([frame.opcode, frame.payload.readUInt16BE(0)], [8, 1012]);
    await assert.rejects(get(server, '/'), /ECONNREFUSED|ECONNRESET|socket hang up/);
    a.send(frame.payload, { opcode: 8 });
    assert.deepEqual(await ending, { code: 0, signal: null });
  });

  improvement('who does not answer does not keep it', WHY, async ({ start, mute }) => {
    const server = await start(['--drain_timeout', '300']);
    await mute('a', { server });
    const end = await within(server.stop(), 'the end of the server', 3000);
    assert.deepEqual(end, { code: 0, signal: null });
  });

  for (const signals of [
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
  ]) {
    improvement(`${signals[1]} after ${signals[0]} ends it at once`, WHY, async (scope) => {
      const server = await scope.start(['--drain_timeout', '600000']);
      const peers = []; // so many that the goodbyes to all would take seconds
      for (let i = 0; i < 150; i += 1) peers.push(await scope.mute(`p${i}`, { server }));
      server.child.kill(signals[0]);
      assert.equal((await peers[0].message()).opcode, 8, 'the drain has begun');
      server.child.kill(signals[1]);
      const end = await within(server.ended, 'the end of the server');
      assert.deepEqual(end, { code: 0, signal: null });
      assert.equal(await peers.at(-1).ending(), 1006, 'no time for a goodbye');
      const disconnected = server.log().match(/Client disconnected: p\d+ \(.*server stops/g);
      assert.equal(disconnected.length, peers.length);
    });
  }

  improvement('open HTTP connections do not keep it', WHY, async ({ start }) => {
    const server = await start([]);
    const idle = dial(server);
    try {
      const answered = new Promise((resolve) => idle.once('data', resolve));
      idle.on('error', () => {});
      idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await within(answered, 'the answer');
      assert.deepEqual(await server.stop(), { code: 0, signal: null });
    } finally {
      idle.destroy();
    }
  });

  improvement('the port is free at once for the next start', WHY, async ({ start, peer }) => {
    const first = await start([]);
    await peer('a', { server: first });
    await first.stop();
    const second = await start(['--port', String(first.port)]);
    const a = await peer('a', { server: second });
    await a.fence();
  });
});
