// The unmodified client with signed tokens, with ids of the server's, and through a TURN server with
// credentials that the server makes.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser, VERSIONS } from '../support/browser.mjs';
import { startPeerjsd } from '../support/server.mjs';
import { startTcpProxy } from '../support/tcp_proxy.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { startCoturn } from '../support/turn.mjs';

const { scenario } = useBrowser();
// Clients before 1.4 would end all their calls if they were told by an ERROR.
const LOST = 'network: Lost connection to server.';
const EXPIRED = { '1.0.0': LOST, '1.5.5': 'server-error: Token has expired', '2.0.0-beta.3': LOST };
const TURN_SECRET = 'of the relay';

for (const version of VERSIONS) {
  describe(`peerjs ${version} with signed tokens`, () => {
    scenario('connects, talks, and has its id back at once with a fresh token', async (cast) => {
      const [server, [one, two, again]] = await Promise.all([
        cast.server(startPeerjsd(['--auth_secret', SECRET])),
        cast.tabs(version, version, version),
      ]);
      assert.equal(await one.join(server, 'one', { token: await sign('one') }), 'one');
      await two.join(server, 'two', { token: await sign('two') });
      await openChannel(one, two, 'two', 'chat');
      await exchange(one, two, 'chat');
      const disconnected = one.event('peer disconnected');
      await again.join(server, 'one', { token: await sign('one', { jti: 'fresh' }) });
      await disconnected;
    });

    // Where the network is well the server hears of the end of the page, and the id is free.
    scenario('has its id back with a fresh token after a break and a reload', async (cast) => {
      const [server, [one, two, three]] = await Promise.all([
        cast.server(startPeerjsd(['--auth_secret', SECRET])),
        cast.tabs(version, version, version),
      ]);
      const network = await startTcpProxy(server.port);
      cast.onClose(network.stop);
      await one.join({ ...server, port: network.port }, 'one', { token: await sign('one') });
      await two.join(server, 'two', { token: await sign('two') });
      network.cut();
      await server.waitForLog(/Client disconnected: one \(.*, connection lost/);
      await one.page.reload();
      const fresh = await sign('one', { jti: 'fresh' });
      assert.equal(await one.join(server, 'one', { token: fresh }), 'one');
      await openChannel(two, one, 'one', 'chat');
      await exchange(one, two, 'chat');
      const failed = three.event('peer error');
      await three.start(server, 'one', { token: await sign('eve', { peerjs: { id: 'one' } }) });
      assert.equal((await failed).type, 'unavailable-id');
    });

    scenario('is told why it is refused', async (cast) => {
      const [server, tab] = await Promise.all([
        cast.server(startPeerjsd(['--auth_secret', SECRET])),
        cast.tab(version),
      ]);
      const failed = tab.event('peer error');
      await tab.start(server, 'one', { token: await sign('two') });
      assert.deepEqual(await failed, { type: 'server-error', message: 'Token is not for this ID' });
    });

    scenario('is told when its token expires, lives on, and is back with a fresh one', async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startPeerjsd(['--auth_secret', SECRET, '--auth_leeway', '0'])),
        cast.tabs(version, version),
      ]);
      const soon = Date.now() / 1000 + 10;
      await one.join(server, 'one', { token: await sign('one', { exp: soon }) });
      await two.join(server, 'two', { token: await sign('two') });
      await openChannel(one, two, 'two', 'chat');
      const failed = one.event('peer error');
      await one.event('peer disconnected');
      const { type, message } = await failed;
      assert.equal(`${type}: ${message}`, EXPIRED[version]);
      await exchange(one, two, 'chat');
      const opened = one.event('peer open');
      await one.do('reconnect', await sign('one'));
      assert.equal(await opened, 'one');
      await openChannel(two, one, 'one', 'again');
      await exchange(one, two, 'chat');
    });
  });
}

for (const version of VERSIONS) {
  describe(`peerjs ${version} where ids are the server's`, () => {
    scenario('gets one, and talks; a chosen one is refused', async (cast) => {
      const [server, [one, two, chooser]] = await Promise.all([
        cast.server(startPeerjsd(['--ids', 'server', '--id_secret', 'of the ids in tests'])),
        cast.tabs(version, version, version),
      ]);
      await one.join(server);
      const id = await two.join(server);
      await openChannel(one, two, id, 'chat');
      await exchange(one, two, 'chat');
      const failed = chooser.event('peer error');
      await chooser.start(server, 'chosen');
      assert.deepEqual(await failed, { type: 'server-error', message: 'ID is not allowed' });
    });
  });
}

describe('peerjs 1.5.5 through a TURN server', () => {
  scenario('with credentials of the server it talks by relay, without them it does not', async (cast) => {
    const coturn = await startCoturn(TURN_SECRET);
    cast.onClose(() => coturn.stop('SIGKILL').finally(coturn.remove));
    const [server, [one, two, three]] = await Promise.all([
      cast.server(
        startPeerjsd([
          ...['--auth_secret', SECRET, '--turn_secret', TURN_SECRET],
          ...['--turn_urls', `turn:127.0.0.1:${coturn.port}?transport=udp`],
        ]),
      ),
      cast.tabs('1.5.5', '1.5.5', '1.5.5'),
    ]);
    // As docs/auth.md has it: the page asks for them itself, of a server that is another origin.
    const options = async (tab, id) => {
      const token = await sign(id);
      const { iceServers } = await tab.page.evaluate(
        async (url) => (await fetch(url)).json(),
        `http://${server.host}:${server.port}/peerjs/ice?${new URLSearchParams({ id, token })}`,
      );
      return { token, config: { iceServers, iceTransportPolicy: 'relay' } };
    };
    await one.join(server, 'one', await options(one, 'one'));
    await two.join(server, 'two', await options(two, 'two'));
    await openChannel(one, two, 'two', 'chat');
    await exchange(one, two, 'chat');
    const state = await one.do('route', 'chat');
    assert.deepEqual(state, { local: 'relay', remote: 'relay' });
    await coturn.waitForLog(/session \d+: .*user <\d+:one>/);

    const wrong = await options(three, 'three');
    for (const each of wrong.config.iceServers) each.credential = 'wrong';
    await three.join(server, 'three', wrong);
    await three.do('connect', 'none', 'one');
    await coturn.waitForLog(/user <\d+:three>: .*error 401/);
    assert.equal(three.all('none open').length, 0);
  });
});
