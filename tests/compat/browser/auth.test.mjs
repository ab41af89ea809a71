// The unmodified client with signed tokens, with ids of the server's, and through a TURN server with
// credentials that the server makes.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser, VERSIONS } from '../support/browser.mjs';
import { launch, startOnFreePort, startPeerjsd } from '../support/server.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { get } from '../support/wire.mjs';

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

    scenario('is told why it is refused', async (cast) => {
      const [server, tab] = await Promise.all([
        cast.server(startPeerjsd(['--auth_secret', SECRET])),
        cast.tab(version),
      ]);
      const failed = tab.event('peer error');
      await tab.start(server, 'one', { token: await sign('two') });
      assert.deepEqual(await failed, { type: 'server-error', message: 'Token is not for this ID' });
    });

    scenario('is told when its token expires, and its data channel lives on', async (cast) => {
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

function startCoturn() {
  const directory = mkdtempSync(join(tmpdir(), 'peerjsd-coturn-'));
  const start = (port) =>
    launch(
      'turnserver',
      'stdbuf',
      [
        ...['-oL', 'turnserver', '-n', '--use-auth-secret', '--realm=test', '--no-tls', '--no-dtls'],
        ...[`--static-auth-secret=${TURN_SECRET}`, `--listening-port=${port}`, '--no-cli'],
        ...['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', '--allow-loopback-peers'],
        ...['--log-file=stdout', '--verbose', `--userdb=${directory}/turndb`],
        `--pidfile=${directory}/pid`,
      ],
      {},
    );
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return startOnFreePort(start, /DB connection success/).then((server) => ({ ...server, remove }));
}

describe('peerjs 1.5.5 through a TURN server', () => {
  scenario('with credentials of the server it talks by relay, without them it does not', async (cast) => {
    const coturn = await startCoturn();
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
    const options = async (id) => {
      const token = await sign(id);
      const { body } = await get(server, `/peerjs/ice?id=${id}&token=${token}`);
      const { iceServers } = JSON.parse(body);
      return { token, config: { iceServers, iceTransportPolicy: 'relay' } };
    };
    await one.join(server, 'one', await options('one'));
    await two.join(server, 'two', await options('two'));
    await openChannel(one, two, 'two', 'chat');
    await exchange(one, two, 'chat');
    const state = await one.do('route', 'chat');
    assert.deepEqual(state, { local: 'relay', remote: 'relay' });
    await coturn.waitForLog(/session \d+: .*user <\d+:one>/);

    const wrong = await options('three');
    for (const each of wrong.config.iceServers) each.credential = 'wrong';
    await three.join(server, 'three', wrong);
    await three.do('connect', 'none', 'one');
    await coturn.waitForLog(/user <\d+:three>: .*error 401/);
    assert.equal(three.all('none open').length, 0);
  });
});
