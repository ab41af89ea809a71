// Which ids clients may have: --id_pattern, --reserved_ids, --max_id_bytes, --max_token_bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runToEnd, startPeerjsd } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { OPEN, errorText, get, within } from '../support/wire.mjs';

const WHY = 'npm peer takes any';

suite(
  'Ids',
  ['--id_pattern', '[a-z0-9-]+', '--reserved_ids', 'admin', 'root', '--max_id_bytes', '64'],
  ({ improvement }) => {
    const REFUSED = [
      ['Upper', 'ID is not allowed'],
      ['two words', 'ID is not allowed'],
      ['admin', 'ID is not allowed'],
      ['root', 'ID is not allowed'],
      ['a'.repeat(65), 'ID is too long'],
    ];

    improvement('those that are not allowed are refused with a reason', WHY, async (scope) => {
      for (const [id, reason] of REFUSED) {
        const socket = scope.socket({ id });
        await socket.expect(errorText(reason));
        await within(socket.closed, `the end of ${id}`);
        const stream = scope.streaming({ id });
        await within(stream.ended, `the end of the stream of ${id}`);
        assert.equal(stream.chunks.join(''), errorText(reason));
      }
      await scope.server.waitForLog(/Client refused: admin \(127\.0\.0\.1, ID is not allowed\)/);
    });

    improvement('others are taken', WHY, async ({ socket }) => {
      for (const id of ['administrator', 'a', 'b'.repeat(64)]) await socket({ id }).expect(OPEN);
    });

    improvement('so are those that the server makes', WHY, async ({ server, socket }) => {
      await socket({ id: (await get(server, '/peerjs/id')).body }).expect(OPEN);
    });

    improvement('a token has its bound too', WHY, async ({ socket }) => {
      const token = 't'.repeat(4096);
      await socket({ id: 'long-token', token }).expect(OPEN);
      await socket({ id: 'too-long', token: `${token}t` }).expect(errorText('Token is too long'));
    });
  },
  { kinds: ['peerjsd'] },
);

const OF_SERVER = ['--ids', 'server', '--id_secret', 'secret-of-the-ids'];
const NO_UUID = ['--id_pattern', 'user-.*'];
const PROBLEM = /--id_pattern: the server makes ids that do not match it, as [0-9a-f-]{36}, and refuses/;

test('ids of the server only, which its own rules refuse, end the start', async () => {
  for (const more of [[], ['--check_config']]) {
    const { code, log } = await runToEnd(['--port', '0', ...OF_SERVER, ...NO_UUID, ...more]);
    assert.equal(code, 2);
    assert.match(log, PROBLEM);
  }
});

test('where clients may bring their own, that is a warning', async () => {
  const server = await startPeerjsd(NO_UUID);
  await server.waitForLog(PROBLEM);
  await server.stop();
});
