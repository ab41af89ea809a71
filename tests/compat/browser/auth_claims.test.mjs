// What a signed token says, and by which key it is signed, to the unmodified client.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { putFile, temporaryDirectory } from '../support/dial.mjs';
import { startPeerjsd } from '../support/server.mjs';
import { jwkSet, makeKey, makeKeys, SECRET, sign } from '../support/tokens.mjs';
import { until } from '../support/wire.mjs';

const { scenario } = useBrowser();
const directory = temporaryDirectory();
const VERSION = '1.5.5';

const file = (name, text) => putFile(directory, name, text);

/** A server with these arguments and that many tabs. */
async function setUp(cast, count, args) {
  const versions = Array.from({ length: count }, () => VERSION);
  const [server, tabs] = await Promise.all([
    cast.server(startPeerjsd(['--auth_leeway', '0', '-t', '500', ...args])),
    cast.tabs(...versions),
  ]);
  const isRefused = async (tab, id, token, message) => {
    const failed = tab.event('peer error');
    await tab.start(server, id, { token });
    assert.deepEqual(await failed, { type: 'server-error', message });
    assert.equal(tab.all('peer open').length, 0);
  };
  return { server, tabs, isRefused };
}

async function talk(one, two, toId) {
  await openChannel(one, two, toId, `to ${toId}`);
  await exchange(one, two, `to ${toId}`);
}

describe(`peerjs ${VERSION} with tokens signed by a private key`, () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA']) {
    scenario(`${alg}: comes in, and with another key does not`, async (cast) => {
      const [key, other] = [await makeKey(alg), await makeKey(alg)];
      const { server, tabs, isRefused } = await setUp(cast, 3, [
        ...['--auth_public_key', file(`${alg}.pem`, key.pem)],
      ]);
      const [one, two, three] = tabs;
      await one.join(server, 'one', { token: await key.sign('one') });
      await two.join(server, 'two', { token: await key.sign('two') });
      await talk(one, two, 'two');
      await isRefused(three, 'three', await other.sign('three'), 'Token is not valid');
    });
  }

  scenario('a JWK set: comes in by each of its keys, and by a new one; not by an old one', async (cast) => {
    const keys = await makeKeys();
    const jwks = file('keys.json', jwkSet(keys[0], keys[1]));
    const { server, tabs, isRefused } = await setUp(cast, 5, ['--auth_jwks', jwks]);
    const [one, two, early, three, late] = tabs;
    await one.join(server, 'one', { token: await keys[0].sign('one') });
    await two.join(server, 'two', { token: await keys[1].sign('two') });
    await isRefused(early, 'three', await keys[2].sign('three'), 'Token is not valid');
    file('keys.json', jwkSet(keys[1], keys[2]));
    await server.waitForLog(/Keys for tokens reloaded, there are 2/);
    await three.join(server, 'three', { token: await keys[2].sign('three') });
    await isRefused(late, 'late', await keys[0].sign('late'), 'Token is not valid');
    await talk(one, three, 'three'); // its own key has gone, but it is connected
  });
});

describe(`peerjs ${VERSION} whose token says more than who it is`, () => {
  scenario('for whom, by whom, from when and for which key', async (cast) => {
    const { server, tabs, isRefused } = await setUp(cast, 2, [
      ...['--auth_secret', SECRET, '--auth_issuer', 'https://a.test', '--auth_audience', 'calls'],
    ]);
    const good = { iss: 'https://a.test', aud: 'calls' };
    const cases = [
      [{ aud: 'mail' }, 'Token is not for this server'],
      [{ aud: undefined }, 'Token is not for this server'],
      [{ iss: 'https://b.test' }, 'Token is not for this server'],
      [{ nbf: Date.now() / 1000 + 60 }, 'Token is not valid yet'],
      [{ exp: Date.now() / 1000 - 1 }, 'Token has expired'],
      [{ peerjs: { key: 'other' } }, 'Token is not for this key'],
    ];
    const [refused, one] = tabs;
    for (const [claims, message] of cases) {
      await isRefused(refused, 'one', await sign('one', { ...good, ...claims }), message);
    }
    const here = { ...good, nbf: Date.now() / 1000 - 1, peerjs: { key: 'peerjs' } };
    await one.join(server, 'one', { token: await sign('one', here) });
  });

  scenario('for somebody else, where the server has no audience', async (cast) => {
    const { server, tabs, isRefused } = await setUp(cast, 2, ['--auth_secret', SECRET]);
    const [refused, one] = tabs;
    const token = await sign('one', { aud: 'calls' });
    await isRefused(refused, 'one', token, 'Token is not for this server');
    await one.join(server, 'one', { token: await sign('one') });
  });

  scenario('which ids it may have, and how many', async (cast) => {
    const { server, tabs, isRefused } = await setUp(cast, 3, ['--auth_secret', SECRET]);
    const [one, two, refused] = tabs;
    const token = () => sign('ann', { peerjs: { id: ['{sub}-*', 'desk'], limit: 2 } });
    await one.join(server, 'ann-phone', { token: await token() });
    await two.join(server, 'desk', { token: await token() });
    await talk(one, two, 'desk');
    const isFull = 'Token has reached its concurrent user limit';
    await isRefused(refused, 'ann-laptop', await token(), isFull);
    await isRefused(refused, 'bob-phone', await token(), 'Token is not for this ID');
  });

  scenario('whether it may call and be called', async (cast) => {
    const { server, tabs } = await setUp(cast, 4, ['--auth_secret', SECRET]);
    const [caller, other, callee, another] = tabs;
    const join = async (tab, id, may) =>
      tab.join(server, id, { token: await sign(id, { peerjs: { may } }) });
    await join(caller, 'caller', ['call']);
    await join(other, 'other', ['call']);
    await join(callee, 'callee', ['answer']);
    await join(another, 'another', ['answer']);
    const calls = [[other, 'caller'], [another, 'callee']];
    await Promise.all(
      calls.map(async ([from, toId]) => {
        const failed = from.event('peer error');
        await from.do('connect', 'none', toId);
        const message = `Could not connect to peer ${toId}`;
        assert.deepEqual(await failed, { type: 'peer-unavailable', message });
      }),
    );
    for (const tab of tabs) assert.equal(tab.all('none open').length, 0);
    await talk(caller, callee, 'callee');
  });

  scenario('whether its page may list the peers; listAllPeers() shows no token', async (cast) => {
    const { server, tabs } = await setUp(cast, 2, ['--auth_secret', SECRET, '--allow_discovery']);
    const [one, two] = tabs;
    const url = `http://${server.host}:${server.port}/peerjs/peers`;
    const list = (token) =>
      one.page.evaluate(
        async ([of, bearer]) => {
          const response = await fetch(of, { headers: { Authorization: `Bearer ${bearer}` } });
          return response.ok ? response.json() : response.status;
        },
        [url, token],
      );
    await one.join(server, 'one', { token: await sign('one') });
    assert.deepEqual(await list(await sign('one', { peerjs: { may: ['list'] } })), ['one']);
    assert.equal(await list(await sign('one', { peerjs: { may: ['call'] } })), 401);
    await two.join(server, 'two', { token: await sign('two') });
    const [error] = await Promise.all([two.event('peer error'), two.do('listAllPeers')]);
    assert.equal(error.type, 'server-error');
    await two.event('peer disconnected');
    const isTold = () => /have permission to list peers/.test(two.lines.join('\n'));
    await until(isTold, 'the console to say why');
    assert.equal(two.all('peers').length, 0);
  });

  scenario('with --auth_expiry ignore it stays when that has expired', async (cast) => {
    const { server, tabs, isRefused } = await setUp(cast, 3, [
      ...['--auth_secret', SECRET, '--auth_expiry', 'ignore'],
    ]);
    const [one, two, late] = tabs;
    const exp = Date.now() / 1000 + 10;
    const token = await sign('one', { exp });
    await one.join(server, 'one', { token });
    await two.join(server, 'two', { token: await sign('two') });
    await until(() => Date.now() / 1000 > exp, 'the token to expire');
    await isRefused(late, 'one', token, 'Token has expired');
    await talk(two, one, 'one');
    assert.equal(one.all('peer disconnected').length, 0);
  });
});
