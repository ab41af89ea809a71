// Unmodified clients where a service says who may connect: by a cookie, which pages of the same site
// bring along; within limits; and not at all, when it is down.

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

async function startWith(cast, answer, ...args) {
  const backend = await startBackend(answer);
  cast.onClose(backend.stop);
  const own = ['--auth_url', backend.url, '--auth_leeway', '0', '-t', '500', ...args];
  return { backend, server: await cast.server(startPeerjsd(own)) };
}

describe('peerjs 1.5.5 where a service sets limits', () => {
  scenario('calls if it may; a second one with its token does not come in', async (cast) => {
    const limits = ({ id }) => ({ json: { may: id === 'boss' ? ['call'] : ['answer'], limit: 1 } });
    const [{ server }, [boss, one, second]] = await Promise.all([
      startWith(cast, limits),
      cast.tabs('1.5.5', '1.5.5', '1.5.5'),
    ]);
    await boss.join(server, 'boss', { token: 'of the boss' });
    await one.join(server, 'one', { token: 'of one' });
    const failed = one.event('peer error');
    await one.do('connect', 'none', 'boss');
    const message = 'Could not connect to peer boss';
    assert.deepEqual(await failed, { type: 'peer-unavailable', message });
    await openChannel(boss, one, 'one', 'chat');
    await exchange(boss, one, 'chat');
    const refused = second.event('peer error');
    await second.start(server, 'second', { token: 'of one' });
    assert.deepEqual(await refused, {
      type: 'server-error',
      message: 'Token has reached its concurrent user limit',
    });
  });

  scenario('is disconnected when its time is over, and its channel lives on', async (cast) => {
    const [{ server }, [one, two]] = await Promise.all([
      startWith(cast, ({ id }) => ({ json: id === 'one' ? { expires_in: 10 } : {} })),
      cast.tabs('1.5.5', '1.5.5'),
    ]);
    await Promise.all([one.join(server, 'one'), two.join(server, 'two')]);
    await openChannel(one, two, 'two', 'chat');
    const failed = one.event('peer error');
    await one.event('peer disconnected');
    assert.deepEqual(await failed, { type: 'server-error', message: 'Token has expired' });
    await exchange(one, two, 'chat');
    assert.equal(two.all('peer disconnected').length, 0);
  });
});

describe('peerjs 1.5.5 where the service is down', () => {
  scenario('is refused if it is not known, and told why', async (cast) => {
    const [{ backend, server }, [one, two, again]] = await Promise.all([
      startWith(cast, () => ({})),
      cast.tabs('1.5.5', '1.5.5', '1.5.5'),
    ]);
    await one.join(server, 'one', { token: 'of one' });
    await backend.stop();
    const failed = two.event('peer error');
    await two.start(server, 'two');
    const message = 'The server cannot check who may connect now';
    assert.deepEqual(await failed, { type: 'server-error', message });
    await again.join(server, 'one', { token: 'of one' });
    await one.event('peer disconnected');
  });

  scenario('is let in with --auth_down accept', async (cast) => {
    const [{ backend, server }, [one]] = await Promise.all([
      startWith(cast, () => ({}), '--auth_down', 'accept'),
      cast.tabs('1.5.5'),
    ]);
    await backend.stop(); // before it has answered anybody, so that it is down at once
    await one.join(server, 'one');
  });
});
