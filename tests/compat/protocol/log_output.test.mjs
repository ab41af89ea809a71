// Where the log goes and in what form: files that are rotated, JSON, systemd's journal, requests.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { launch, runToEnd, startPeerjsd } from '../support/server.mjs';
import { get, OPEN, Peer, refusal, request } from '../support/wire.mjs';

const PATIENCE_MS = 5_000;

function temporaryDirectory(t) {
  const directory = mkdtempSync(join(tmpdir(), 'peerjsd-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function start(t, ...args) {
  const server = await startPeerjsd(args);
  t.after(() => server.stop());
  return server;
}

/** Resolves to the match when the file has one. */
function contains(file, pattern) {
  return new Promise((resolve, reject) => {
    const settle = (action, value) => {
      clearTimeout(timer);
      watcher.close();
      action(value);
    };
    const look = () => {
      const match = readFileSync(file, 'utf8').match(pattern);
      if (match) settle(resolve, match);
    };
    const timer = setTimeout(() => {
      settle(reject, new Error(`no ${pattern} in ${file}:\n${readFileSync(file, 'utf8')}`));
    }, PATIENCE_MS);
    const watcher = watch(file, look);
    look();
  });
}

async function comeAndGo(server, id) {
  const peer = new Peer(server, { id });
  await peer.expect(OPEN);
  await peer.close(1000);
}

test('a log file is appended to, and rotated by SIGUSR1 without a line being lost', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'peerjsd.log');
  const old = `${file}.1`;
  const first = await startPeerjsd(['--log_file', file]);
  await comeAndGo(first, 'before');
  await first.stop();

  const server = await start(t, '--log_file', file);
  await comeAndGo(server, 'one');
  await contains(file, /disconnected: one /);
  renameSync(file, old);
  await comeAndGo(server, 'two');
  await contains(old, /disconnected: two /);
  server.child.kill('SIGUSR1');
  await contains(old, /info Opening the log file anew\n$/);
  await comeAndGo(server, 'three');
  await contains(file, /disconnected: three /);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /\b(one|two)\b/);
  assert.doesNotMatch(readFileSync(old, 'utf8'), /three/);
  assert.match(readFileSync(old, 'utf8'), /before.*\n[^]*Started PeerServer on[^]*one/);
  assert.doesNotMatch(server.log(), /Client connected/, 'not to standard output as well');
});

test('where the file cannot be opened anew, the old one goes on', async (t) => {
  const directory = join(temporaryDirectory(t), 'logs');
  mkdirSync(directory);
  const file = join(directory, 'peerjsd.log');
  const server = await start(t, '--log_file', file);
  const moved = `${directory}-moved`;
  renameSync(directory, moved);
  server.child.kill('SIGUSR1');
  await contains(join(moved, 'peerjsd.log'), /error Log not opened anew, the old file goes on: /);
  await comeAndGo(server, 'a');
  await contains(join(moved, 'peerjsd.log'), /disconnected: a /);
});

test('SIGUSR1 does nothing where there is no file', async (t) => {
  const server = await start(t);
  server.child.kill('SIGUSR1');
  await comeAndGo(server, 'a');
  await server.waitForLog(/disconnected: a /);
});

test('a file that cannot be written ends the start with one line', async (t) => {
  const directory = temporaryDirectory(t);
  const cases = [
    [join(directory, 'none', 'a.log'), `${directory}/none: No such file or directory; it has to be`],
    [directory, `${directory}: it is a directory`],
  ];
  for (const [file, problem] of cases) {
    for (const more of [[], ['--check_config']]) {
      const { code, log } = await runToEnd(['--port', '0', '--log_file', file, ...more]);
      assert.equal(code, 2, log);
      assert.match(log, new RegExp(`^peerjsd: --log_file: ${problem}.*\n$`));
    }
  }
  assert.deepEqual(readdirSync(directory), [], 'nothing was made');
});

test('--log_format json: each line is an object, whatever clients send', async (t) => {
  const server = await start(t, '--log_format', 'json');
  const id = 'quote"back\\slash\u2028line\nbreak';
  const peer = new Peer(server, { id });
  await peer.expect(OPEN);
  await peer.close(1000);
  await get(server, '/wrong/id');
  await server.waitForLog(/HTTP request refused/);
  await server.stop();
  const entries = server.log().trimEnd().split('\n').map((line) => JSON.parse(line));
  for (const entry of entries) {
    assert.deepEqual(Object.keys(entry), ['time', 'level', 'message']);
    assert.ok(!Number.isNaN(Date.parse(entry.time)), entry.time);
  }
  const messages = entries.map(({ level, message }) => `${level} ${message}`);
  assert.match(messages[0], /^info Started PeerServer on 127\.0\.0\.1, port: \d+, path: \/$/);
  assert.ok(messages.some((text) => text.startsWith('info Client connected: quote\\"back')), messages);
  assert.ok(messages.includes('warning HTTP request refused: Invalid key provided (127.0.0.1)'));
});

test('the journal gets priorities, and no times beside its own', async (t) => {
  const script = 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/$$/fd/1) exec "$0" "$@"';
  const server = launch('peerjsd', 'sh', ['-c', script, process.env.PEERJSD, '--port', '0'], {});
  t.after(() => server.stop());
  server.port = Number((await server.waitForLog(/Started PeerServer on \S+, port: (\d+)/))[1]);
  await comeAndGo(Object.assign(server, { secure: undefined }), 'a');
  await get(server, '/wrong/id');
  await server.waitForLog(/\n<6>Client connected: a \(127\.0\.0\.1\)\n/);
  await server.waitForLog(/\n<4>HTTP request refused: Invalid key/);
});

test('a journal that is not ours is none', async (t) => {
  const server = await startPeerjsd([], { env: { JOURNAL_STREAM: '1:1' } });
  t.after(() => server.stop());
  await comeAndGo(server, 'a');
  await server.waitForLog(/\d info Client connected: a /);
});

test('--access_log has each request, and no token', async (t) => {
  const server = await start(t, '--access_log', '--cors', 'https://only.example');
  await get(server, '/peerjs/id');
  await get(server, '/wrong/id', { 'User-Agent': 'a "browser"' });
  await comeAndGo(server, 'a');
  const foreign = new Peer(server, { id: 'f', origin: 'https://another.example' });
  await foreign.next();
  await refusal(server, '/elsewhere/peerjs?token=secret');
  await request(server, 'POST', '/peerjs/b/secret/offer', {}, '{}');
  const lines = [
    'GET /peerjs/id 200 (127.0.0.1, -)',
    'GET /wrong/id 401 (127.0.0.1, a \\"browser\\")',
    'GET /peerjs?key=peerjs&id=a 101 (127.0.0.1, -)',
    'GET /peerjs?key=peerjs&id=f 101 (127.0.0.1, -)',
    'GET ... 404 (127.0.0.1, -)',
    'POST /peerjs/b/.../OFFER 401 (127.0.0.1, -)',
  ];
  for (const line of lines) {
    await server.waitForLog(new RegExp(`info Request: ${line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}\n`));
  }
  assert.doesNotMatch(server.log(), /secret|=token/);
});

test('without it requests that succeed are not logged', async (t) => {
  const server = await start(t);
  await get(server, '/peerjs/id');
  await comeAndGo(server, 'a');
  await server.waitForLog(/disconnected: a /);
  assert.doesNotMatch(server.log(), /Request:/);
});
