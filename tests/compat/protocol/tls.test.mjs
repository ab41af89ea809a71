// TLS, with the programs that people have: curl and openssl. The other suites run over TLS as they
// are; see dial.mjs.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { dial, makeCertificate, temporaryDirectory } from '../support/dial.mjs';
import { runToEnd } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { DEADLINE_MS, get, OPEN, Peer, RawPeer, relayed, until, within } from '../support/wire.mjs';

const WHY = 'npm peer is not run with TLS here';
const directory = temporaryDirectory();
const files = makeCertificate(directory);
const args = ({ cert, key }) => ['--sslcert', cert, '--sslkey', key];

// That peerjsd speaks TLS, the tests' own clients have to be told.
const securely = (server, secure = files) => Object.assign(server, { secure });

const url = (server, target) => `https://${server.host}:${server.port}${target}`;

function curl(server, target, ...more) {
  const line = ['--silent', '--show-error', '--cacert', server.secure.cert, ...more];
  return spawnSync('curl', [...line, url(server, target)], { encoding: 'utf8', timeout: DEADLINE_MS });
}

/** What openssl s_client says, having sent one request. */
function sClient(server, ...more) {
  const line = ['s_client', '-connect', `${server.host}:${server.port}`, '-CAfile', files.cert];
  const child = spawn('openssl', [...line, '-ign_eof', ...more]);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (text += data));
  child.stdin.on('error', () => {}); // it ends when the handshake fails
  child.stdin.end('GET /peerjs/id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const ended = new Promise((resolve) => child.on('close', () => resolve(text)));
  return within(ended, 'the end of s_client').finally(() => child.kill());
}

/** The name on the certificate that a new connection sees. */
async function shownName(server) {
  const socket = tls.connect({ host: server.host, port: server.port, rejectUnauthorized: false });
  try {
    await within(new Promise((resolve, reject) => {
      socket.on('secureConnect', resolve).on('error', reject);
    }), 'the handshake');
    return socket.getPeerCertificate().subject.CN;
  } finally {
    socket.destroy();
  }
}

suite(
  'TLS',
  args(files),
  ({ improvement }) => {
    improvement('curl trusts it, and speaks HTTP/1.1', WHY, async ({ server }) => {
      securely(server);
      const { stdout, stderr } = curl(server, '/peerjs/id', '--write-out', ' %{http_version}');
      assert.match(stdout, /^[0-9a-f-]{36} 1\.1$/, stderr);
    });

    improvement('openssl speaks TLS 1.2 and 1.3, and nothing older', WHY, async ({ server }) => {
      for (const version of ['-tls1_2', '-tls1_3']) {
        const text = await sClient(server, version);
        assert.match(text, /Verify return code: 0 \(ok\)/);
        assert.match(text, /HTTP\/1\.1 200 OK/);
      }
      const old = await sClient(server, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
      assert.match(old, /alert protocol version/);
      await server.waitForLog(/ warning TLS failed: unsupported protocol \(127\.0\.0\.1\)\n/);
    });

    improvement('a session is resumed', WHY, async ({ server }) => {
      for (const version of ['-tls1_2', '-tls1_3']) {
        const session = path.join(directory, `session${version}`);
        assert.match(await sClient(server, version, '-sess_out', session), /^New, /m);
        assert.match(await sClient(server, version, '-sess_in', session), /^Reused, /m);
      }
    });

    improvement('HTTP/1.1 is chosen by ALPN, or nothing', WHY, async ({ server }) => {
      assert.match(await sClient(server, '-alpn', 'h2,http/1.1'), /ALPN protocol: http\/1\.1/);
      assert.match(await sClient(server, '-alpn', 'h2'), /alert no application protocol/);
    });

    improvement('who forgets TLS is told so', WHY, async ({ server }) => {
      delete server.secure;
      const answer = await get(server, '/peerjs/id');
      assert.equal(answer.status, 400);
      assert.match(answer.body, /^This port speaks TLS: .*secure: true/);
      await server.waitForLog(/ warning TLS failed: http request \(127\.0\.0\.1\)\n/);
    });

    improvement('a handshake has its time', WHY, async ({ start }) => {
      const server = await start([...args(files), '--request_timeout', '200']);
      const socket = dial({ host: server.host, port: server.port });
      socket.write(Buffer.from([22, 3, 1, 2, 0, 1])); // the beginning of a ClientHello
      await within(new Promise((resolve) => socket.on('close', resolve)), 'the end');
    });

    improvement('who reads late gets all of it', WHY, async ({ start }) => {
      const server = securely(await start(args(files)));
      const a = new Peer(server, { id: 'a' });
      const late = new RawPeer(server, { id: 'late' });
      try {
        await a.expect(OPEN);
        await late.open();
        late.socket.pause();
        const payload = 'x'.repeat(100_000);
        for (let i = 0; i < 30; i += 1) a.signal('CANDIDATE', 'late', payload);
        await a.fence();
        late.socket.resume();
        const text = relayed('CANDIDATE', 'a', 'late', JSON.stringify(payload));
        for (let i = 0; i < 30; i += 1) await late.expect(text);
      } finally {
        a.lose();
        late.lose();
      }
    });

    improvement('the banner says how to connect', WHY, async ({ server }) => {
      assert.match(server.log(), /path: "\/", secure: true\n/);
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'A certificate that is renewed',
  [],
  ({ improvement }) => {
    const renewal = (name) => makeCertificate(directory, name);
    const install = (from, to, { unseen }) => {
      for (const file of ['key', 'cert']) {
        const { atime, mtime } = statSync(to[file]);
        copyFileSync(from[file], to[file]);
        if (unseen) utimesSync(to[file], atime, mtime);
      }
    };

    for (const [how, unseen] of [
      ['when it is told', true],
      ['by itself', false],
    ]) {
      improvement(`is read ${how}, and costs nobody a connection`, WHY, async (scope) => {
        const own = renewal(`before-${how.replaceAll(' ', '-')}`);
        for (const file of Object.values(own)) utimesSync(file, 1e9, 1e9); // what utimes can restore
        const server = securely(await scope.start(args(own)), own);
        const [a, b] = [scope.socket({ id: 'a', server }), scope.socket({ id: 'b', server })];
        await Promise.all([a.expect(OPEN), b.expect(OPEN)]);
        const before = await shownName(server);
        install(renewal('renewed'), own, { unseen });
        if (unseen) server.child.kill('SIGHUP');
        await until(async () => (await shownName(server)) !== before, 'the new certificate');
        assert.equal(await shownName(server), 'renewed');
        await server.waitForLog(unseen ? / info Configuration reloaded; / : / info Certificate reloaded\n/);
        a.signal('OFFER', 'b', 1);
        await b.expect(relayed('OFFER', 'a', 'b', '1'));
      });
    }

    improvement('is left alone while it is no good', WHY, async ({ start }) => {
      const own = renewal('good');
      const server = securely(await start(args(own)), own);
      copyFileSync(renewal('other').cert, own.cert);
      server.child.kill('SIGHUP');
      await server.waitForLog(/ error Configuration not reloaded, the old one goes on: --sslkey: .* is not/);
      assert.equal(await shownName(server), 'good');
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'A certificate that is no good',
  [],
  ({ improvement }) => {
    improvement('ends the start, or a check, with one line and code 2', WHY, async () => {
      const other = makeCertificate(directory, 'other');
      const empty = path.join(directory, 'empty.pem');
      writeFileSync(empty, '');
      for (const [cert, key, problem] of [
        [files.cert, '/nowhere/at/all', "--sslkey: '/nowhere/at/all' cannot be read: No such file"],
        [empty, files.key, `--sslcert: '${empty}' is empty`],
        [files.key, files.key, `--sslcert: '${files.key}' holds no certificate`],
        [files.cert, other.key, `--sslkey: '${other.key}' is not the key of the certificate`],
      ]) {
        for (const way of [['--port', '0'], ['--check_config=quiet']]) {
          const end = await runToEnd([...args({ cert, key }), ...way]);
          assert.equal(end.code, 2, end.log);
          assert.match(end.log, /^peerjsd: [^\n]+\n$/);
          assert.ok(end.log.includes(problem), end.log);
          const secret = readFileSync(files.key, 'utf8').split('\n')[1];
          assert.ok(!end.log.includes(secret), 'no key in it');
        }
      }
    });
  },
  { kinds: ['peerjsd'] },
);
