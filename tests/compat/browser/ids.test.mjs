// What the unmodified client is told of ids that nobody may have.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser, VERSIONS } from '../support/browser.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();

for (const version of VERSIONS) {
  describe(`peerjs ${version} where some ids are allowed`, () => {
    scenario('is told why it has not got its id, and talks with another', async (cast) => {
      const args = ['--id_pattern', '[a-z0-9-]+', '--reserved_ids', 'admin', '--max_id_bytes', '40'];
      const [server, [refused, one, two]] = await Promise.all([
        cast.server(startPeerjsd(args)),
        cast.tabs(version, version, version),
      ]);
      for (const [id, message] of [
        ['admin', 'ID is not allowed'],
        ['Ann', 'ID is not allowed'],
        ['a'.repeat(41), 'ID is too long'],
      ]) {
        const failed = refused.event('peer error');
        await refused.start(server, id);
        assert.deepEqual(await failed, { type: 'server-error', message });
      }
      assert.equal(refused.all('peer open').length, 0);
      await one.join(server, 'ann');
      const given = await two.join(server);
      await openChannel(one, two, given, 'chat');
      await exchange(one, two, 'chat');
    });
  });
}
