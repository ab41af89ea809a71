// The unmodified client sends and gets messages of an app's own type, and what it has else goes on.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser, VERSIONS } from '../support/browser.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();
const args = ['--allow_types', 'CHAT', 'EMPTY'];

for (const version of VERSIONS) {
  describe(`peerjs ${version} with types of an app's own`, () => {
    scenario('talks by its socket, and data channels before and after live on', async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startPeerjsd(args)),
        cast.tabs(version, version),
      ]);
      await one.join(server, 'one');
      await two.join(server, 'two');
      await openChannel(one, two, 'two', 'before');
      await Promise.all([one.do('listen'), two.do('listen')]);

      const payload = { text: 'h\u00e9 \u{1f600}', list: [1, null] };
      for (const [from, to, name] of [[one, two, 'two'], [two, one, 'one']]) {
        const got = to.event('message CHAT');
        await from.do('say', 'CHAT', name, payload);
        const src = name === 'two' ? 'one' : 'two';
        assert.deepEqual(await got, { type: 'CHAT', src, dst: name, payload });
      }
      const empty = two.event('message EMPTY');
      await one.do('say', 'EMPTY', 'two');
      assert.deepEqual(await empty, { type: 'EMPTY', src: 'one', dst: 'two' });

      await exchange(one, two, 'before');
      await openChannel(two, one, 'one', 'after');
      await exchange(one, two, 'after');
      await exchange(one, two, 'before');
      for (const tab of [one, two]) {
        for (const event of ['peer error', 'peer disconnected', 'before close', 'after close']) {
          assert.deepEqual(tab.all(event), []);
        }
      }
    });

    if (version === '1.0.0') return; // which has another socket after reconnect()
    scenario('gets what came while it was disconnected', async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startPeerjsd(args)),
        cast.tabs(version, version),
      ]);
      await one.join(server, 'one');
      await two.join(server, 'two');
      await two.do('listen');
      await two.do('disconnect');
      await server.waitForLog(/Client disconnected: two /);
      const got = two.event('message CHAT');
      await one.do('say', 'CHAT', 'two', 'meanwhile');
      await two.do('reconnect');
      assert.equal((await got).payload, 'meanwhile');
    });
  });
}
