// Who may connect, and as whom: signed tokens.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { UnsecuredJWT } from 'jose';
import { putFile, temporaryDirectory } from '../support/dial.mjs';
import { runToEnd } from '../support/server.mjs';
import { post } from '../support/stream.mjs';
import { suite } from '../support/suite.mjs';
import { jwkSet, makeKey, makeKeys, SECRET, sign } from '../support/tokens.mjs';
import {
  errorText,
  get,
  ID_TAKEN,
  OPEN,
  partners,
  relayed,
  until,
  within,
} from '../support/wire.mjs';

const directory = temporaryDirectory();
const OURS = { kinds: ['peerjsd'] };
const now = () => Math.floor(Date.now() / 1000);

const file = (name, text) => putFile(directory, name, text);

const tokens = ['--auth_secret', SECRET, '--auth_leeway', '0', '--allow_discovery'];

suite('Signed tokens', tokens, ({ both: test }) => {
  const refused = async (socket, reason) => {
    await socket.expect(errorText(reason));
    await socket.expectClosed();
  };

  test('who has one gets the id of its subject', async ({ name, peer, socket }) => {
    const id = name('ann-');
    const a = await peer(id, { token: await sign(id) });
    const b = await peer(name('bob-'), { token: await sign('*', { peerjs: { id: 'bob-*' } }) });
    await partners(a, b);
    await refused(
      socket({ id: name('eve-'), token: await sign('somebody') }),
      'Token is not for this ID',
    );
  });

  test('who has none, or a bad one, is told why', async ({ server, socket }) => {
    const cases = [
      ['secret', 'Token is not valid'],
      [await sign('x', {}, { key: 'another secret, of which we know nothing' }), 'Token is not valid'],
      [await sign(undefined), 'Token is not valid'],
      [await sign('x', { exp: now() - 1 }), 'Token has expired'],
      [await sign('x', { nbf: now() + 60 }), 'Token is not valid yet'],
      [await sign('x', { aud: 'others' }), 'Token is not for this server'],
      [await sign('x', { peerjs: { key: 'other' } }), 'Token is not for this key'],
      [`${'x'.repeat(4097)}`, 'Token is too long'],
    ];
    for (const [token, reason] of cases) await refused(socket({ id: 'x', token }), reason);
    await server.waitForLog(/Token refused: x \(127\.0\.0\.1, its signature is not that of a key\)/);
    for (const [token] of cases) assert.ok(!server.log().includes(token), 'no token is logged');
    await refused(
      socket({ id: 'x', token: '' }),
      'No id, token, or key supplied to websocket server',
    );
  });

  test('a refreshed token resumes, another subject is somebody else', async (scope) => {
    const { name, peer, socket } = scope;
    const id = name('ann-');
    const shared = { peerjs: { id } };
    const a = await peer(id, { token: await sign('ann', shared) });
    const again = socket({ id, token: await sign('ann', { ...shared, jti: 'fresh' }) });
    await again.expect(OPEN);
    assert.equal((await a.expectClosed()).code, 4000);
    await socket({ id, token: await sign('bob', shared) }).expect(ID_TAKEN);
    await socket({ id, token: await sign('ann', { ...shared, iss: 'x' }) }).expect(ID_TAKEN);
    await again.fence();
  });

  test('whose token is bad does not learn which ids are taken', async ({ name, peer, socket }) => {
    const id = name('ann-');
    await peer(id, { token: await sign(id) });
    const cases = [
      ['x', 'Token is not valid'],
      [await sign(id, { exp: now() - 1 }), 'Token has expired'],
      [await sign('eve'), 'Token is not for this ID'],
    ];
    for (const [token, reason] of cases) await refused(socket({ id, token }), reason);
  });

  test('a peer whose token expires is told, and may return with another', async (scope) => {
    const { name, peer, page, socket } = scope;
    const id = name('ann-');
    const b = await peer(name('bob-'), { token: await sign('bob', { peerjs: { id: '*' } }) });
    const soon = () => sign(id, { exp: Date.now() / 1000 + 4 });
    const old = await page(id, { token: await soon() });
    assert.deepEqual(await old.expectClosed(), { code: 1008, reason: 'token expired' });
    const a = await page(id, { token: await soon(), version: '1.5.5' });
    await partners(a, b);
    await a.expect(errorText('Token has expired'));
    assert.deepEqual(await a.expectClosed(), { code: 1008, reason: 'token expired' });
    b.signal('CANDIDATE', id, 'meanwhile');
    await b.fence();
    const again = socket({ id, token: await sign(id) });
    await again.expect(OPEN, relayed('CANDIDATE', b.id, id, '"meanwhile"'));
    await b.fence();
  });

  test('a token says who may call, and be called', async ({ name, peer }) => {
    const may = async (prefix, ...what) => {
      const id = name(prefix);
      return peer(id, { token: await sign(id, { peerjs: { may: what } }) });
    };
    const caller = await may('caller-', 'call');
    const callee = await may('callee-', 'answer');
    callee.signal('OFFER', caller.id, 1);
    callee.signal('CANDIDATE', caller.id, 2);
    await callee.expect(relayed('EXPIRE', caller.id, callee.id));
    await caller.fence();
    await partners(caller, callee);
    callee.signal('ANSWER', caller.id, 3);
    await caller.expect(relayed('ANSWER', callee.id, caller.id, '3'));
    const other = await may('other-', 'call');
    other.signal('OFFER', caller.id, 4);
    await other.expect(relayed('EXPIRE', caller.id, other.id));
  });

  test('a token says how many peers its owner may have', async ({ name, peer, socket }) => {
    const ids = [name('t-'), name('t-'), name('t-')];
    const token = () => sign('limited', { peerjs: { id: 't-*', limit: 2 } });
    const first = await peer(ids[0], { token: await token() });
    await peer(ids[1], { token: await token() });
    await refused(
      socket({ id: ids[2], token: await token() }),
      'Token has reached its concurrent user limit',
    );
    await first.close(1000);
    await peer(ids[2], { token: await token() });
  });

  test('a stream needs one as well, and so does each POST', async ({ name, server, streaming }) => {
    const id = name('old-');
    const token = await sign(id);
    const stream = streaming({ id, token });
    await stream.open();
    const say = (as) =>
      post(server, { id, token: as, verb: 'candidate' }, { type: 'CANDIDATE', dst: id, payload: 1 });
    assert.equal((await say(await sign(id, { jti: 'fresh' }))).status, 200);
    await stream.expect(relayed('CANDIDATE', id, id, '1'));
    const lesser = await sign(id, { peerjs: { may: ['answer', 'list'] } });
    for (const bad of ['token', await sign('other'), token.slice(0, -1), lesser]) {
      assert.equal((await say(bad)).status, 401);
    }
    const other = await post(server, { id: 'x', token: 'x', verb: 'id' });
    assert.equal(other.body, errorText('Token is not valid'));
  });

  test('a stream whose token has expired is disconnected, or may go on', async (scope) => {
    const { name, page, start, streaming, renew, socket } = scope;
    const isOver = async (server, token) => {
      const other = socket({ server, id: name('other-'), token });
      const text = await other.next();
      await other.close(1000);
      return text === errorText('Token has expired');
    };
    for (const expiry of ['end', 'ignore']) {
      const more = ['--auth_leeway', '0', '--auth_expiry', expiry];
      const server = await start(['--auth_secret', SECRET, ...more]);
      const id = name('old-');
      const token = await sign(id, { exp: Date.now() / 1000 + 3 });
      const stream = streaming({ server, id, token });
      await stream.open();
      const say = () =>
        post(server, { id, token, verb: 'candidate' }, { type: 'CANDIDATE', dst: id, payload: 1 });
      const other = { exp: Date.now() / 1000 + 3, peerjs: { id: '*' } };
      const broken = await page(name('page-'), { server, token: await sign('bob', other) });
      await until(() => isOver(server, token), 'the token to expire');
      await until(() => isOver(server, broken.token), 'the other to expire');
      if (expiry === 'end') {
        await within(stream.ended, 'the end of the stream');
        assert.equal((await say()).status, 401);
        const renewed = streaming({ server, id, token, query: 'i=1' });
        await within(renewed.ended, 'the end of its renewal');
      } else {
        const older = await sign(id, { exp: now() - 1, jti: 'older' });
        const asOlder = (verb) => post(server, { id, token: older, verb, query: 'i=1' }, { dst: id });
        assert.equal((await asOlder('candidate')).status, 401, 'of the same owner');
        assert.equal((await asOlder('id')).body, errorText('Token has expired'));
        const renewed = await renew(stream, { server });
        assert.equal((await say()).status, 200);
        await renewed.expect(relayed('CANDIDATE', id, id, '1'));
        const ofSocket = { id: broken.id, token: broken.token, verb: 'candidate' };
        const spoken = await post(server, ofSocket, { type: 'CANDIDATE', dst: id });
        assert.equal(spoken.status, 401, 'who is connected by a WebSocket need not post');
        const stranger = streaming({ server, id: name('other-'), token, query: 'i=1' });
        await within(stranger.ended, 'the end of what renews nothing');
        const eve = await sign('eve', { exp: now() - 1, peerjs: { id: '*' } });
        const refused = await post(server, { id, token: eve, query: 'i=1' });
        assert.equal(refused.body, errorText('Token has expired'), 'by another owner');
        await renewed.fence();
        broken.lose();
        await server.waitForLog(/connection lost/);
        const back = streaming({ server, id: broken.id, token: broken.token, query: 'i=1' });
        await within(back.ended, 'the end of what only seems to renew a stream');
        assert.equal(back.chunks.join('').trimEnd(), errorText('Token has expired'));
      }
    }
  });

  test('the list of peers is for who has a token that allows it', async ({ name, server, peer }) => {
    const id = name('ann-');
    await peer(id, { token: await sign(id) });
    const list = (token) =>
      get(server, '/peerjs/peers', token && { Authorization: `Bearer ${token}` });
    const { status, headers } = await list();
    assert.equal(status, 401);
    assert.equal(headers['www-authenticate'], 'Bearer');
    assert.equal((await list('x')).status, 401);
    assert.equal((await list(await sign('any', { peerjs: { may: ['call'] } }))).status, 401);
    const answer = await list(await sign('any', { peerjs: { may: ['list'] } }));
    assert.ok(JSON.parse(answer.body).includes(id));
  });
}, OURS);

describe('Keys for signed tokens', { concurrency: 3 }, () => {
  suite('of each kind', [], ({ both: test }) => {
    for (const alg of ['RS256', 'ES256', 'EdDSA']) {
      test(`${alg}, from a file that is replaced`, async ({ start, socket }) => {
        const [first, second] = [await makeKey(alg), await makeKey(alg)];
        const pem = file(`${alg}.pem`, first.pem);
        const server = await start(['--auth_public_key', pem]);
        await socket({ server, id: 'a', token: await first.sign('a') }).expect(OPEN);
        const early = socket({ server, id: 'b', token: await second.sign('b') });
        await early.expect(errorText('Token is not valid'));
        file(`${alg}.pem`, second.pem);
        await server.waitForLog(/Keys for tokens reloaded, there are 1/);
        await socket({ server, id: 'b', token: await second.sign('b') }).expect(OPEN);
        const late = socket({ server, id: 'a', token: await first.sign('a') });
        await late.expect(errorText('Token is not valid'));
      });
    }

    test('one that is gone is told of', async ({ start, socket }) => {
      const keys = [await makeKey('ES256'), await makeKey('ES256')];
      const pems = keys.map(({ pem }, i) => file(`gone_${i}.pem`, pem));
      const server = await start(['--auth_public_key', ...pems]);
      rmSync(pems[0]);
      await server.waitForLog(/not reloaded, the old ones go on: --auth_public_key: .*gone_0.pem: it cannot be read/);
      await socket({ server, id: 'a', token: await keys[1].sign('a') }).expect(OPEN);
    });

    test('a JWK set, by kid, rotated while clients are connected', async (scope) => {
      const { start, peer, socket } = scope;
      const keys = await makeKeys();
      const jwks = file('keys.json', jwkSet(keys[0], keys[1]));
      const server = await start(['--auth_jwks', jwks]);
      const a = await peer('a', { server, token: await keys[0].sign('a') });
      await peer('b', { server, token: await keys[1].sign('b') });
      await socket({ server, id: 'c', token: await keys[2].sign('c') }).expect(
        errorText('Token is not valid'),
      );
      file('keys.json', jwkSet(keys[1], keys[2]));
      await server.waitForLog(/Keys for tokens reloaded, there are 2/);
      await peer('c', { server, token: await keys[2].sign('c') });
      await a.fence();
      file('keys.json', 'nonsense');
      await server.waitForLog(/Keys for tokens not reloaded, the old ones go on: --auth_jwks: /);
      await peer('d', { server, token: await keys[2].sign('d') });
      file('keys.json', jwkSet(keys[0]));
      server.child.kill('SIGHUP');
      await server.waitForLog(/Configuration reloaded/);
      await peer('e', { server, token: await keys[0].sign('e') });
    });

    test('a stream whose key is taken out posts no more, and is not renewed', async (scope) => {
      const { start, streaming } = scope;
      const keys = await makeKeys();
      const jwks = file('stream_keys.json', jwkSet(keys[0]));
      const server = await start(['--auth_jwks', jwks]);
      const token = await keys[0].sign('old');
      const stream = streaming({ server, id: 'old', token });
      await stream.open();
      await stream.fence();
      file('stream_keys.json', jwkSet(keys[1]));
      await server.waitForLog(/Keys for tokens reloaded, there are 1/);
      assert.equal((await stream.post('candidate', { type: 'CANDIDATE', dst: 'old' })).status, 401);
      const renewed = streaming({ server, id: 'old', token, query: 'i=1' });
      await within(renewed.ended, 'the end of its renewal');
      assert.equal(renewed.chunks.join('').trimEnd(), errorText('Token is not valid'));
    });

    test('of no kind stands in for another, where there are secrets as well', async (scope) => {
      const { start, name, socket } = scope;
      const keys = await makeKeys();
      const files = keys.map(({ pem }, i) => file(`beside_secret_${i}.pem`, pem));
      const server = await start(['--auth_secret', SECRET, '--auth_public_key', ...files]);
      const hear = async (make, text) => {
        const id = name('a-');
        const made = socket({ server, id, token: await make(id) });
        await made.expect(text);
        return made;
      };
      await hear(sign, OPEN);
      for (const { sign: signed } of keys) await hear(signed, OPEN);
      const forgeries = keys.flatMap(({ pem }) =>
        [pem, pem.trim(), `${pem.trim()}\n`].map((key) => (id) => sign(id, {}, { key })),
      );
      const none = (id) => new UnsecuredJWT({}).setSubject(id).setExpirationTime('1m').encode();
      forgeries.push(none, (id) => `${none(id)}AAAA`);
      for (const forge of forgeries) {
        const refused = await hear(forge, errorText('Token is not valid'));
        await refused.expectClosed();
      }
    });

    test('issuer and audience', async ({ start, socket }) => {
      const server = await start([
        ...['--auth_secret', SECRET, '--auth_issuer', 'https://a', 'https://b'],
        ...['--auth_audience', 'calls'],
      ]);
      const good = { iss: 'https://b', aud: ['x', 'calls'] };
      await socket({ server, id: 'a', token: await sign('a', good) }).expect(OPEN);
      for (const bad of [{ iss: 'https://c' }, { aud: 'x' }, { iss: undefined }]) {
        const token = await sign('a', { ...good, ...bad });
        await socket({ server, id: 'a', token }).expect(errorText('Token is not for this server'));
      }
    });
  }, OURS);

  it('that are no good end the start with what is wrong', async () => {
    const cases = [
      [['--auth_secret', 'short'], /^peerjsd: --auth_secret: a secret must have 32 characters or m/],
      [['--auth_public_key', '/nowhere'], /^peerjsd: --auth_public_key: \/nowhere: it cannot be re/],
      [['--auth_jwks', file('no.json', '[]')], /^peerjsd: --auth_jwks: .*: it is no JSON object/],
      [['--auth_issuer', 'x'], /^peerjsd: --auth_issuer: it needs --auth_secret, --auth_public_key/],
      [['--ids', 'server'], /^peerjsd: --ids: for server, --id_secret must be given too/],
      [['--turn_secret', 'x'], /^peerjsd: --turn_secret: --turn_urls must be given too/],
      [['--turn_urls', 'http://x', '--turn_secret', 'x'], /^peerjsd: --turn_urls: 'http:\/\/x' is n/],
    ];
    for (const [args, expected] of cases) {
      const { code, log } = await runToEnd(args);
      assert.equal(code, 2, log);
      assert.match(log, expected);
      assert.equal(log.split('\n').length, 2, 'one line');
    }
  });
});

suite('Ids that the server made', ['--ids', 'server', '--id_secret', 'sixteen letters!'], ({ both: test }) => {
  test('are the only ones to be had, also after a restart', async ({ server, start, peer, socket }) => {
    const { body: id } = await get(server, '/peerjs/id');
    assert.match(id, /^[0-9a-f-]{36}$/);
    await peer(id);
    for (const other of ['alice', id.replace(/.$/, (c) => (c === '0' ? '1' : '0'))]) {
      await socket({ id: other }).expect(errorText('ID is not allowed'));
    }
    const again = await start(['--ids', 'server', '--id_secret', 'sixteen letters!']);
    await peer(id, { server: again });
    const another = await start(['--ids', 'server', '--id_secret', 'another sixteen!']);
    await socket({ server: another, id }).expect(errorText('ID is not allowed'));
  });

  test('of the short form as well', async ({ start, peer, socket }) => {
    const secret = ['--id_secret', 'sixteen letters!', '--id_format', 'token'];
    const server = await start(['--ids', 'server', ...secret]);
    const { body: id } = await get(server, '/peerjs/id');
    assert.match(id, /^[a-z0-9]{16}$/);
    await peer(id, { server });
    await socket({ server, id: 'abcdefghijklmnop' }).expect(errorText('ID is not allowed'));
  });

  test('with signed tokens, which have to be for them', async ({ start, socket }) => {
    const secrets = ['--id_secret', 'sixteen letters!', '--auth_secret', SECRET];
    const server = await start(['--ids', 'server', ...secrets]);
    const make = async () => (await get(server, '/peerjs/id')).body;
    const hear = async (id, token, text) => {
      const made = socket({ server, id, token });
      await made.expect(text);
      return made;
    };
    const [one, two, three, four] = await Promise.all([make(), make(), make(), make()]);
    const a = await hear(one, await sign(one), OPEN);
    const b = await hear(two, await sign('bob', { peerjs: { id: two, may: 'answer' } }), OPEN);
    const shared = { peerjs: { id: '*', limit: 1 } };
    await hear(three, await sign('ann', shared), OPEN);
    b.signal('OFFER', one, 1);
    await b.expect(relayed('EXPIRE', one, two));
    await partners(a, b);
    const cases = [
      [four, await sign('ann', shared), 'Token has reached its concurrent user limit'],
      [four, await sign('bob'), 'Token is not for this ID'],
      [four, await sign(one), 'Token is not for this ID'],
      ['bob', await sign('bob'), 'ID is not allowed'],
      ['bob', await sign('bob', { peerjs: { id: '*' } }), 'ID is not allowed'],
    ];
    for (const [id, token, reason] of cases) {
      const refused = await hear(id, token, errorText(reason));
      await refused.expectClosed();
    }
  });
}, OURS);

const turn = ['--turn_secret', 'north', '--turn_urls', 'turn:t.test:3478', 'stun:s.test'];

suite('Credentials for TURN', [...turn, '--turn_ttl', '60s', '--cors', 'http://app.test'], ({ both: test }) => {
  test('are for whom may connect', async ({ server, start }) => {
    const { status, headers, body } = await get(server, '/peerjs/ice?id=ann', {
      Origin: 'http://app.test',
    });
    assert.equal(status, 200);
    assert.equal(headers['access-control-allow-origin'], 'http://app.test');
    assert.equal(headers['cache-control'], 'no-store');
    const { iceServers, ttl } = JSON.parse(body);
    assert.equal(ttl, 60);
    assert.deepEqual(iceServers[0], { urls: ['stun:s.test'] });
    assert.deepEqual(iceServers[1].urls, ['turn:t.test:3478']);
    const [expiry, user] = iceServers[1].username.split(':');
    assert.equal(user, 'ann');
    assert.ok(Math.abs(Number(expiry) - now() - 60) <= 2);
    assert.equal((await get(server, '/other/ice')).status, 401);
    assert.equal((await get(server, '/peerjs/ice', { Origin: 'http://eve.test' })).status, 401);
    assert.equal((await get(server, '/peerjs/ice')).status, 401);
    const without = await start([]);
    assert.equal((await get(without, '/peerjs/ice?id=ann')).status, 404);
    const lenient = await start([...turn, '--compat_http_key']);
    assert.equal((await get(lenient, '/other/ice?id=ann')).status, 401);
    const strict = await start([...turn, '--reserved_ids', 'admin']);
    assert.equal((await get(strict, '/peerjs/ice?id=admin')).status, 401);
  });

  test('with a signed token, where such are asked for', async ({ start }) => {
    const server = await start([...turn, '--auth_secret', SECRET, '--reserved_ids', 'root']);
    const token = await sign('ann');
    const ask = (query, headers) => get(server, `/peerjs/ice?${query}`, headers);
    const { status, body: given } = await ask(`id=ann&token=${token}`);
    assert.equal(status, 200);
    assert.match(JSON.parse(given).iceServers[1].username, /^\d+:ann$/);
    const any = await sign('ann', { peerjs: { id: '*' } });
    const other = JSON.parse((await ask(`id=payroll&token=${any}`)).body);
    assert.match(other.iceServers[1].username, /^\d+:ann$/, 'the user is the subject');
    assert.equal((await ask('id=ann', { Authorization: `Bearer ${token}` })).status, 200);
    const bad = ['', 'id=ann', 'id=ann&token=x', `id=bob&token=${token}`, 'id=&token=']
      .concat(`token=${token}`, `id=&token=${any}`, `id=${'x'.repeat(1025)}&token=${any}`);
    for (const query of bad) {
      const { status, body } = await ask(query);
      assert.equal(status, 401, query);
      assert.ok(!body.includes('credential'));
    }
    await until(() => /Token refused: bob/.test(server.log()), 'the refusal to be logged');
    const unknown = await ask('id=root&token=x');
    assert.equal(unknown.body, 'Token is not valid', 'strangers do not learn which are reserved');
    assert.equal((await ask(`id=root&token=${any}`)).body, 'ID is not allowed');
  });
}, OURS);
