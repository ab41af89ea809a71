// The backends of docs/auth.md, as they stand there, sign tokens that the server takes, and say who may
// connect.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/dial.mjs';
import { launch, startOnFreePort } from '../support/server.mjs';
import { post } from '../support/stream.mjs';
import { suite } from '../support/suite.mjs';
import { SECRET } from '../support/tokens.mjs';
import { errorText, get, OPEN, until } from '../support/wire.mjs';

const directory = temporaryDirectory();
const text = readFileSync(new URL('../../../docs/auth.md', import.meta.url), 'utf8');

const SAMPLES = [
  { language: 'js', first: '// node backend.mjs', command: process.execPath, file: 'backend.mjs' },
  { language: 'python', first: '# python3 backend.py', command: 'python3', file: 'backend.py' },
];

const ASKED = [
  { language: 'js', first: '// node asked.mjs', command: process.execPath, file: 'asked.mjs' },
  { language: 'python', first: '# python3 asked.py', command: 'python3', file: 'asked.py' },
];

const TOLD = [
  { language: 'js', first: '// node told.mjs', command: process.execPath, file: 'told.mjs' },
  { language: 'python', first: '# python3 told.py', command: 'python3', file: 'told.py' },
];

const listens = (server) =>
  new Promise((resolve) => {
    const socket = connect(server.port, server.host, () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });

async function startSample({ language, first, command, file }) {
  const begin = text.indexOf(`\`\`\`${language}\n${first}\n`);
  assert.ok(begin >= 0, `docs/auth.md has no sample that begins with ${first}`);
  const code = text.slice(text.indexOf('\n', begin) + 1, text.indexOf('\n```', begin) + 1);
  const path = join(directory, file);
  writeFileSync(path, code);
  const start = (port) =>
    launch(file, command, [path], { PORT: String(port), AUTH_SECRET: SECRET, HOOK_SECRET: SECRET });
  const server = await startOnFreePort(start, /^/);
  await until(() => listens(server), `${file} to listen`);
  return server;
}

/** What anybody may send: no path, no body, half of one, and nothing at all. */
async function annoy(server) {
  const idle = connect(server.port, server.host);
  const cut = connect(server.port, server.host);
  await Promise.all([once(idle, 'connect'), once(cut, 'connect')]);
  cut.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{');
  await get(server, '/').catch(() => {});
  cut.resetAndDestroy();
  await get(server, '//').catch(() => {});
  await post(server, '/', '', {}).catch(() => {});
  return () => idle.destroy();
}

suite('A sample of docs/auth.md', [], ({ both: test }) => {
  for (const sample of [...SAMPLES, ...ASKED, ...TOLD]) {
    test(`${sample.file} goes on whatever comes`, async ({ adopt }) => {
      const server = adopt(await startSample(sample));
      const leaveAlone = await annoy(server);
      const question = { purpose: 'connect', id: 'alice', headers: {} };
      const answers = SAMPLES.includes(sample)
        ? await get(server, '/token?user=alice')
        : await post(server, '/', question);
      leaveAlone();
      const status = SAMPLES.includes(sample) ? 200 : ASKED.includes(sample) ? 403 : 401;
      assert.equal(answers.status, status);
    });
  }
}, { kinds: ['peerjsd'] });

suite('A backend of docs/auth.md', ['--auth_secret', SECRET], ({ both: test }) => {
  for (const sample of SAMPLES) {
    test(`in ${sample.language} gives tokens that are taken`, async ({ adopt, socket }) => {
      const backend = adopt(await startSample(sample));
      assert.equal((await get(backend, '/token')).status, 401);
      const { token } = JSON.parse((await get(backend, '/token?user=alice')).body);
      await socket({ id: 'alice', token }).expect(OPEN);
      await socket({ id: 'bob', token }).expect(errorText('Token is not for this ID'));
    });
  }
}, { kinds: ['peerjsd'] });

suite('A service of docs/auth.md', [], ({ both: test }) => {
  for (const sample of ASKED) {
    test(`in ${sample.language} says who may connect`, async ({ adopt, socket, start }) => {
      const service = adopt(await startSample(sample));
      const url = `http://${service.host}:${service.port}/`;
      const server = await start(['--auth_url', url, '--auth_headers', 'cookie']);
      const headers = { Cookie: 'theme=dark; session=4711' };
      await socket({ server, id: 'alice', headers }).expect(OPEN);
      await socket({ server, id: 'bob', headers }).expect(errorText('This is not your name'));
      await socket({ server, id: 'alice' }).expect(errorText('Please log in'));
    });
  }
}, { kinds: ['peerjsd'] });

suite('A service of docs/auth.md', [], ({ both: test }) => {
  for (const sample of TOLD) {
    test(`in ${sample.language} hears who comes and goes`, async ({ adopt, page, start }) => {
      const service = adopt(await startSample(sample));
      const url = `http://${service.host}:${service.port}/`;
      const server = await start(['--event_url', url, '--hook_secret', SECRET]);
      const alice = await page('alice', { server });
      await alice.close(1000);
      await service.waitForLog(/\bconnect alice[^]*disconnect alice[^]*leave alice/);
      const forged = await post(service, '/', '{"events":[]}', { 'webhook-id': 'x', 'webhook-timestamp': '0', 'webhook-signature': 'v1,x' });
      assert.equal(forged.status, 401);
    });
  }
}, { kinds: ['peerjsd'] });
