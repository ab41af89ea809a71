// The port for operators: metrics, health, and the list of peers. It is never on TLS.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { OVER_TLS } from '../support/dial.mjs';
import { freePort, runToEnd, startPeerjsd } from '../support/server.mjs';
import { post } from '../support/stream.mjs';
import { suite } from '../support/suite.mjs';
import { partners, until, within } from '../support/wire.mjs';

const WHY = 'npm peer has no such port';
const TOKEN = 'the-token-of-the-operator';
const DOCUMENT = new URL('../../../docs/metrics.md', import.meta.url);

/** A server whose port for operators is server.admin. */
async function operated({ adopt }, args = [], attempts = 3) {
  const admin = await freePort();
  const own = ['--admin_port', String(admin), '--admin_token', TOKEN];
  try {
    return Object.assign(adopt(await startPeerjsd([...own, ...args])), { admin });
  } catch (error) {
    if (attempts === 1 || !/in use/.test(error.message)) throw error;
    return operated({ adopt }, args, attempts - 1);
  }
}

async function ask(server, path, { method = 'GET', token = TOKEN } = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(`http://127.0.0.1:${server.admin}${path}`, { method, headers });
  return { status: response.status, text: await response.text() };
}

const askJson = async (server, path) => JSON.parse((await ask(server, path)).text);
const metrics = async (server) => (await ask(server, '/metrics', { token: '' })).text;

/** The value of a sample, named as in the text: `name{label="value"}`. */
async function metric(server, name) {
  const text = await metrics(server);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  assert.ok(line, `${name} in\n${text}`);
  return Number(line.slice(name.length));
}

/** All that comes on a connection on which `text` is sent, till its end. */
function talkTo(port, text) {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
  let heard = '';
  socket.setEncoding('utf8').on('data', (data) => (heard += data));
  const ended = new Promise((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve(heard));
  });
  return within(ended, 'the end').finally(() => socket.destroy());
}

suite(
  'Metrics',
  [],
  ({ improvement }) => {
    improvement('tell what clients do', WHY, async (scope) => {
      const server = await operated(scope, ['--expire_timeout', '50']);
      const [a, b] = [await scope.peer('a', { server }), await scope.peer('b', { server })];
      await scope.stream('c', { server });
      await partners(a, b);
      a.signal('OFFER', 'absent', 2);
      await a.expect('{"type":"EXPIRE","src":"absent","dst":"a"}');
      a.send('nonsense');
      await a.fence();
      await scope.socket({ id: 'a', token: 'another', server }).next();
      await post(server, { id: 'a', token: 'another', verb: 'offer' }, { dst: 'b' });
      await b.close(1001);
      await a.expect('{"type":"LEAVE","src":"b","dst":"a"}');
      const expected = {
        'peerjsd_peers{key="peerjs"}': 2,
        'peerjsd_connections{transport="websocket"}': 1,
        'peerjsd_connections{transport="stream"}': 1,
        'peerjsd_messages_received_total{type="OFFER"}': 2,
        'peerjsd_messages_received_total{type="CANDIDATE"}': 1,
        'peerjsd_messages_total{result="relayed"}': 2,
        'peerjsd_messages_total{result="kept"}': 1,
        'peerjsd_messages_total{result="not_json"}': 1,
        'peerjsd_messages_total{result="unauthorized"}': 1,
        peerjsd_expires_total: 1,
        peerjsd_leaves_total: 1,
        'peerjsd_admissions_total{result="opened"}': 3,
        'peerjsd_admissions_total{result="id_taken"}': 1,
        'peerjsd_disconnections_total{reason="going away"}': 1,
        'peerjsd_incidents_total{kind="Message dropped"}': 2,
        'peerjsd_incidents_total{kind="Client refused"}': 1,
        'peerjsd_relay_latency_seconds_count': 2,
        peerjsd_draining: 0,
      };
      // The connection of who was refused may not have ended yet.
      const websockets = 'peerjsd_connections{transport="websocket"}';
      await until(async () => (await metric(server, websockets)) === 1, 'one WebSocket');
      for (const [name, value] of Object.entries(expected)) {
        assert.equal(await metric(server, name), value, name);
      }
    });

    improvement('tell how the server does', WHY, async (scope) => {
      const server = await operated(scope);
      await until(async () => (await metric(server, 'peerjsd_loop_lag_seconds_count')) > 2, 'ticks');
      const ticks = await metric(server, 'peerjsd_loop_lag_seconds_bucket{le="+Inf"}');
      const late = ticks - (await metric(server, 'peerjsd_loop_lag_seconds_bucket{le="1"}'));
      assert.ok(late <= 1, `${late} of ${ticks} ticks were late by more than a second`);
      assert.ok((await metric(server, 'process_cpu_seconds_total')) > 0);
      const version = spawnSync(process.env.PEERJSD, ['--version'], { encoding: 'utf8' }).stdout;
      const build = `peerjsd_build_info{version="${version.trim().split(' ').at(-1)}"}`;
      assert.equal(await metric(server, build), 1, build);
      assert.ok((await metric(server, 'process_resident_memory_bytes')) > 1e6);
      const age = Date.now() / 1000 - (await metric(server, 'process_start_time_seconds'));
      assert.ok(age >= 0 && age < 60, `started ${age} s ago`);
      const { text } = await ask(server, '/metrics');
      const [, expiry] = text.match(/^peerjsd_certificate_expiry_seconds (\S+)$/m) ?? [];
      assert.equal(expiry !== undefined, OVER_TLS);
      if (OVER_TLS) assert.ok(Number(expiry) > Date.now() / 1000);
    });

    improvement('tell what waits for a slow reader', WHY, async (scope) => {
      const server = await operated(scope);
      const a = await scope.peer('a', { server });
      const slow = await scope.mute('slow', { server });
      slow.socket.pause();
      const waiting = () => metric(server, 'peerjsd_send_queue_bytes');
      const isFull = async () => {
        a.signal('CANDIDATE', 'slow', 'x'.repeat(100_000));
        await a.fence();
        return (await waiting()) > 100_000;
      };
      await until(isFull, 'a queue');
      slow.socket.resume();
      await until(async () => (await waiting()) === 0, 'an empty queue');
    });

    improvement('are such as promtool likes', WHY, async (scope) => {
      const server = await operated(scope);
      const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
        input: await metrics(server),
        encoding: 'utf8',
      });
      assert.equal(status, 0, `${error ?? ''}${stdout}${stderr}`);
    });

    improvement('are those of the documentation', WHY, async (scope) => {
      const url = 'http://127.0.0.1:1';
      const hooks = ['--auth_url', url, '--event_url', url, '--hook_secret', 'x'.repeat(32)];
      const cluster = ['--cluster', 'redis://127.0.0.1:1'];
      const server = await operated(scope, [...cluster, ...hooks]); // for their own
      const kinds = [...(await metrics(server)).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
      const shown = kinds.map(([, name, type]) => `${name} ${type}`);
      if (!OVER_TLS) shown.push('peerjsd_certificate_expiry_seconds gauge');
      const rows = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `(\S+)` \| (\w+) \|/gm)];
      assert.deepEqual(rows.map(([, name, type]) => `${name} ${type}`).sort(), shown.sort());
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'Peers, for operators',
  [],
  ({ improvement }) => {
    improvement('are listed page by page', WHY, async (scope) => {
      const server = await operated(scope);
      for (const id of ['d', 'b', 'a/b', 'e', 'c']) await scope.peer(id, { server });
      const pages = [];
      for (let after = ''; after !== null && pages.length < 5; ) {
        const page = await askJson(server, `/peers/peerjs?limit=2&after=${encodeURIComponent(after)}`);
        assert.equal(page.total, 5);
        pages.push(page.peers.map(({ id }) => id));
        after = page.next;
      }
      assert.deepEqual(pages, [['a/b', 'b'], ['c', 'd'], ['e']]);
      assert.equal((await askJson(server, '/peers/peerjs')).peers.length, 5);
    });

    improvement('have their versions shown, whatever others made up before', WHY, async (scope) => {
      const server = await operated(scope);
      for (let i = 0; i < 256; i += 1) {
        const liar = await scope.peer(`liar${i}`, { server, version: `0.${i}` });
        liar.ws.close(1000);
      }
      const peers = async () => (await askJson(server, '/peers/peerjs')).total;
      await until(async () => (await peers()) === 0, 'the end of the others');
      await scope.peer('b', { server, version: '1.5.5' });
      assert.equal((await askJson(server, '/peers/peerjs/b')).version, '1.5.5');
    });

    improvement('are shown as they are connected', WHY, async (scope) => {
      const server = await operated(scope, ['--proxied']);
      const from = { headers: { 'X-Forwarded-For': '203.0.113.7' } };
      const a = await scope.peer('a', { server, ...from });
      const b = await scope.peer('b', { server, version: '1.5.5' });
      await scope.stream('c', { server });
      await partners(a, b);
      const { seconds, ...shown } = await askJson(server, '/peers/peerjs/a');
      assert.ok(seconds >= 0 && seconds < 60);
      assert.deepEqual(shown, {
        id: 'a',
        partners: 1,
        connected: true,
        address: '203.0.113.7',
        transport: 'websocket',
        version: null,
        queued_bytes: 0,
      });
      assert.equal((await askJson(server, '/peers/peerjs/b')).version, '1.5.5');
      assert.equal((await askJson(server, '/peers/peerjs/c')).transport, 'stream');
      const page = await scope.page('page', { server });
      page.lose();
      const isLost = async () => !(await askJson(server, '/peers/peerjs/page')).connected;
      await until(isLost, 'a page that is lost');
      assert.deepEqual(await askJson(server, '/peers/peerjs/page'), {
        id: 'page',
        partners: 0,
        connected: false,
      });
    });

    improvement('are ended', WHY, async (scope) => {
      const server = await operated(scope);
      const [a, b] = [await scope.peer('a/ä', { server }), await scope.peer('b', { server })];
      await partners(a, b);
      const target = `/peers/peerjs/${encodeURIComponent('a/ä')}`;
      assert.equal((await ask(server, target, { method: 'DELETE' })).status, 200);
      assert.deepEqual(await a.expectClosed(), { code: 1008, reason: 'dismissed by the operator' });
      await b.expectJson({ type: 'LEAVE', src: 'a/ä', dst: 'b' });
      assert.equal((await ask(server, target, { method: 'DELETE' })).status, 404);
      await b.fence();
      const stream = await scope.stream('c', { server });
      assert.equal((await ask(server, '/peers/peerjs/c', { method: 'DELETE' })).status, 200);
      await within(stream.ended, 'the end of the stream');
      await server.waitForLog(/Client disconnected: a\/ä \(127\.0\.0\.1, dismissed by the operator/);
    });

    improvement('are a secret to who has not the token', WHY, async (scope) => {
      const server = await operated(scope);
      for (const token of ['', 'the-token-of-the-operatoR', `${TOKEN}x`, TOKEN.slice(1), TOKEN.slice(0, -1)]) {
        for (const method of ['GET', 'DELETE']) {
          const { status } = await ask(server, '/peers/peerjs', { method, token });
          assert.equal(status, 401, `${method} with '${token}'`);
        }
      }
      assert.ok(!server.log().includes('the-token'));
      const { log } = await runToEnd(['--admin_token', TOKEN, '--check_config']);
      assert.match(log, /admin_host = /);
      assert.ok(!log.includes(TOKEN));
      const open = await operated(scope, ['--admin_token=']);
      assert.equal((await ask(open, '/peers/peerjs')).status, 403);
    });

    improvement('are nothing but peers', WHY, async (scope) => {
      const server = await operated(scope);
      for (const [path, status, method] of [
        ['/peers', 404],
        ['/peers/nokey', 404],
        ['/peers/peerjs/nobody', 404],
        ['/peers/peerjs/%zz', 400],
        ['/peers/peerjs/a/b', 404],
        ['/peers/peerjs?limit=many', 400],
        ['/peers/peerjs?limit=0', 400],
        ['/peers/peerjs?limit=1001', 400],
        ['/metrics', 200, 'HEAD'],
        ['/peers/peerjs', 405, 'DELETE'],
        ['/peers/peerjs/nobody', 405, 'PUT'],
        ['/', 404],
        ['/healthz', 405, 'DELETE'],
      ]) {
        assert.equal((await ask(server, path, { method })).status, status, `${method} ${path}`);
      }
    });
  },
  { kinds: ['peerjsd'] },
);

suite(
  'The port for operators',
  [],
  ({ improvement }) => {
    improvement('says that the server lives, and when it stops', WHY, async (scope) => {
      const server = await operated(scope, ['--drain_timeout', '20s']);
      assert.deepEqual(await ask(server, '/readyz'), { status: 200, text: 'ok\n' });
      const silent = await scope.mute('silent', { server });
      server.child.kill('SIGTERM');
      await server.waitForLog(/Stopping: SIGTERM/);
      const [ready, healthy, draining] = await Promise.all([
        ask(server, '/readyz'),
        ask(server, '/healthz'),
        metric(server, 'peerjsd_draining'),
      ]);
      assert.deepEqual([ready.status, healthy.status, draining], [503, 200, 1]);
      silent.lose();
      assert.equal((await within(server.ended, 'the end')).code, 0);
    });

    improvement('answers one request after another on a connection', WHY, async (scope) => {
      const server = await operated(scope);
      const request = (method, path, more = '') =>
        `${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
      const talk = await talkTo(
        server.admin,
        request('HEAD', '/healthz') +
          request('GET', '/nothing') +
          request('GET', '/readyz', 'Connection: close\r\n') +
          request('GET', '/never'),
      );
      const answers = talk.split(/^(?=HTTP)/m);
      assert.deepEqual(
        answers.map((answer) => answer.match(/ (\d+) /)[1]),
        ['200', '404', '200'],
      );
      assert.match(answers[0], /Content-Length: 3\r\n(.*\r\n)*\r\n$/);
      assert.match(answers[2], /Connection: close\r\n(.*\r\n)*\r\nok\n$/);
    });

    improvement('lets nobody take much of it', WHY, async (scope) => {
      const server = await operated(scope);
      const a = await scope.peer('a', { server });
      const said = async (wire) => (await talkTo(server.admin, wire)).split('\r\n')[0];
      const host = 'HTTP/1.1\r\nHost: a';
      assert.match(await said(`GET /healthz ${host}\r\nX: ${'x'.repeat(9000)}\r\n\r\n`), / 431 /);
      assert.match(await said('nonsense\r\n\r\n'), / 400 /);
      assert.match(await said(`GET /healthz ${host}\r\nContent-Length: 5\r\n\r\nhello`), / 413 /);
      const idle = [];
      for (let i = 0; i < 16; i += 1) {
        const socket = net.connect(server.admin, '127.0.0.1');
        idle.push(new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve(i))));
        await within(new Promise((resolve) => socket.on('connect', resolve)), 'a connection');
      }
      assert.equal((await ask(server, '/healthz')).status, 200);
      assert.ok((await within(Promise.race(idle), 'the end of the oldest')) < 2);
      await a.fence();
    });

    improvement('has to be free', WHY, async (scope) => {
      const { admin } = await operated(scope);
      const end = await runToEnd(['--port', '0', '--admin_port', String(admin)]);
      assert.equal(end.code, 1);
      assert.match(
        end.log,
        /^peerjsd: cannot listen on 127\.0\.0\.1, port \d+: Address already in use; .* --admin_port\n$/,
      );
    });
  },
  { kinds: ['peerjsd'] },
);
