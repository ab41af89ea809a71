// What a service is told of pages with unmodified clients.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { startBackend } from '../support/backend.mjs';
import { exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startPeerjsd } from '../support/server.mjs';
import { until } from '../support/wire.mjs';

const { scenario } = useBrowser();

for (const version of ['0.3.14', '1.5.5']) {
  describe(`peerjs ${version} where a service is told what happens`, () => {
    scenario('comes, calls, calls nobody and goes', async (cast) => {
      const backend = await startBackend();
      cast.onClose(backend.stop);
      const args = ['--event_url', backend.url, '--hook_secret', 'x'.repeat(32), '-t', '500'];
      const [server, [one, two]] = await Promise.all([
        cast.server(startPeerjsd(args)),
        cast.tabs(version, version),
      ]);
      await one.join(server, 'one');
      await two.join(server, 'two');
      await openChannel(one, two, 'two', 'chat');
      await exchange(one, two, 'chat');
      const failed = one.event('peer error');
      await one.do('connect', 'none', 'nobody');
      assert.equal((await failed).type, 'peer-unavailable');
      await two.page.close();
      const seen = () =>
        backend.asked.flatMap(({ json }) =>
          json.events.map(({ type, id, dst }) => `${type} ${id}${dst ? ` for ${dst}` : ''}`),
        );
      await until(() => seen().at(-1) === 'leave two', 'the end of two');
      await one.page.close();
      await until(() => seen().at(-1) === 'leave one', 'the end of one');
      const expected = ['connect one', 'connect two', 'expire one for nobody'];
      for (const id of ['two', 'one']) expected.push(`disconnect ${id}`, `leave ${id}`);
      assert.deepEqual(seen(), expected);
    });
  });
}
