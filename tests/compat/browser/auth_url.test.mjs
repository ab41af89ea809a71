// Unmodified clients where a service says who may connect: by a cookie, which pages of the same site
// bring along.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startBackend } from '../support/backend.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();
const REASON = 'Your subscription has ended';

async function startAsking(cast) {
  const backend = await startBackend(({ headers }) =>
    /session=good/.test(headers.cookie) ? {} : { status: 403, json: { reason: REASON } },
  );
  cast.onClose(backend.stop);
  const args = ['--auth_url', backend.url, '--auth_headers', 'cookie'];
  return { backend, server: await cast.server(startPeerjsd(args)) };
}

/** Before it connects to a server on that host. */
async function logIn(cast, tab, session) {
  const context = tab.page.context();
  await context.addCookies([{ name: 'session', value: session, domain: '127.0.0.1', path: '/' }]);
  cast.onClose(() => context.clearCookies());
}

for (const version of ['0.3.14', '1.5.5']) {
  describe(`peerjs ${version} where a service says who may connect`, () => {
    scenario('comes in by a cookie, or hears why it does not', async (cast) => {
      const [{ backend, server }, [one, , two, , three]] = await Promise.all([
        startAsking(cast),
        // Every other one is of another site.
        cast.tabs(version, version, version, version, version),
      ]);
      await Promise.all([logIn(cast, one, 'good'), logIn(cast, two, 'good')]);
      await logIn(cast, three, 'bad');
      await one.join(server, 'one');
      await two.join(server, 'two');
      await openChannel(one, two, 'two', 'chat');
      await exchange(one, two, 'chat');
      const failed = three.event('peer error');
      await three.start(server, 'three');
      assert.deepEqual(await failed, { type: 'server-error', message: REASON });
      assert.equal(three.all('peer open').length, 0);
      const asked = backend.asked.find(({ json }) => json.headers.cookie === 'session=good').json;
      assert.deepEqual([asked.purpose, asked.origin], ['connect', new URL(one.page.url()).origin]);
    });
  });
}
