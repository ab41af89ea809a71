// The backends of docs/auth.md, as they stand there, sign tokens that the server takes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/dial.mjs';
import { launch, startOnFreePort } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { SECRET } from '../support/tokens.mjs';
import { errorText, get, OPEN, until } from '../support/wire.mjs';

const directory = temporaryDirectory();
const text = readFileSync(new URL('../../../docs/auth.md', import.meta.url), 'utf8');

const SAMPLES = [
  { language: 'js', first: '// node backend.mjs', command: process.execPath, file: 'backend.mjs' },
  { language: 'python', first: '# python3 backend.py', command: 'python3', file: 'backend.py' },
];

const listens = async (server) => {
  const answer = await get(server, '/').catch(() => null);
  return answer !== null;
};

async function startSample({ language, first, command, file }) {
  const begin = text.indexOf(`\`\`\`${language}\n${first}\n`);
  assert.ok(begin >= 0, `docs/auth.md has no sample that begins with ${first}`);
  const code = text.slice(text.indexOf('\n', begin) + 1, text.indexOf('\n```', begin) + 1);
  const path = join(directory, file);
  writeFileSync(path, code);
  const start = (port) =>
    launch(file, command, [path], { PORT: String(port), AUTH_SECRET: SECRET });
  const server = await startOnFreePort(start, /^/);
  await until(() => listens(server), `${file} to listen`);
  return server;
}

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
