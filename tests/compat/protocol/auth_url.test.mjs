// The operator's own service decides who may connect.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hang, isSigned, startBackend } from '../support/backend.mjs';
import { metric } from '../support/cluster.mjs';
import { dial, makeCertificate, temporaryDirectory } from '../support/dial.mjs';
import { freePort, startPeerjsd } from '../support/server.mjs';
import { post } from '../support/stream.mjs';
import { suite } from '../support/suite.mjs';
import { makeKey, SECRET, sign } from '../support/tokens.mjs';
import { errorText, get, ID_TAKEN, OPEN, Peer, relayed, request, until, within } from '../support/wire.mjs';

const OURS = { kinds: ['peerjsd'] };
const DOWN = 'The server cannot check who may connect now';
const directory = temporaryDirectory();

/** Declares tests with a backend of their own and a server, started with `args`, that asks it. */
function asking(title, args, define) {
  suite(title, [], ({ both }) => {
    const test = (name, more, fn) =>
      both(name, async (scope) => {
        const backend = await startBackend();
        const server = await scope.start(['--auth_url', backend.url, ...args, ...more]);
        const at = (make) => (id, options) => make(id, { ...options, server });
        const socket = (options) => scope.socket({ ...options, server });
        const [peer, page, stream] = [scope.peer, scope.page, scope.stream].map(at);
        const refused = async (options, reason) => {
          const made = socket(options);
          await made.expect(errorText(reason));
          await made.expectClosed();
        };
        try {
          await fn({ ...scope, backend, server, socket, peer, page, stream, refused });
        } catch (error) {
          error.message += `\nlog:\n${server.log().slice(-3000)}`;
          throw error;
        } finally {
          await backend.stop();
        }
      });
    define(test);
  }, OURS);
}

const partners = async (a, b) => {
  a.signal('OFFER', b.id, 1);
  await b.expect(relayed('OFFER', a.id, b.id, '1'));
};

asking('A service is asked who may connect', [], (test) => {
  const chosen = ['--auth_headers', 'cookie', 'X-User', 'absent'];
  test('with all that it may need to know', chosen, async ({ backend, socket }) => {
    const headers = { Cookie: 'session=1', 'x-user': 'Ann', Other: 'x' };
    const origin = 'https://app.test';
    await socket({ id: 'ann', token: 'tok', origin, headers }).expect(OPEN);
    const [{ json, headers: seen, url }] = backend.asked;
    assert.deepEqual(json, {
      purpose: 'connect',
      key: 'peerjs',
      id: 'ann',
      token: 'tok',
      address: '127.0.0.1',
      origin,
      headers: { cookie: 'session=1', 'x-user': 'Ann' },
    });
    assert.equal(url, '/hook');
    assert.equal(seen['content-type'], 'application/json');
    assert.equal(seen.host, `127.0.0.1:${backend.port}`);
    assert.equal(seen['webhook-signature'], undefined);
  });

  test('by the address of the client, where a proxy is before it', ['--proxied', '127.0.0.1'], async (scope) => {
    const { backend, socket } = scope;
    const headers = { 'X-Forwarded-For': '192.0.2.1, 203.0.113.7' };
    await socket({ id: 'ann', headers }).expect(OPEN);
    assert.equal(backend.asked[0].json.address, '203.0.113.7');
  });

  test('and refuses with its own words', [], async ({ backend, refused, server }) => {
    const cases = [
      [{ status: 403, json: { reason: 'Your trial is "over"' } }, 'Your trial is \\"over\\"'],
      [{ status: 401 }, 'Unauthorized'],
      [{ status: 403, text: '<html>' }, 'Unauthorized'],
      [{ status: 403, json: { reason: 7 } }, 'Unauthorized'],
      [{ status: 400, json: { reason: 'of a proxy' } }, 'Unauthorized'],
      [{ status: 413 }, 'Unauthorized'],
      [{ json: { expires_in: 0 } }, 'Token has expired'],
      [{ status: 403, json: { reason: `a\u0007\n${'ü'.repeat(300)}` } }, `a${'ü'.repeat(199)}`],
    ];
    for (const [answer, reason] of cases) {
      backend.answer = () => answer;
      await refused({ id: 'ann', token: 'hidden' }, reason);
    }
    const address = `127.0.0.1:${backend.port}`;
    await server.waitForLog(new RegExp(`Token refused: ann \\(127.0.0.1, ${address} says: Unauth`));
    assert.ok(!server.log().includes('hidden'), 'no token is logged');
  });

  test('and what a client sends behind a stream is no request, whenever the answer comes', [], async (scope) => {
    const { backend, server } = scope;
    let answer;
    const answered = new Promise((resolve) => {
      answer = resolve;
    });
    backend.answer = () => answered;
    const socket = dial(server);
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    const begin = (target) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
    socket.write(begin('/peerjs/ann/t/id?i=0') + begin('/nowhere'));
    await backend.times(1);
    answer({});
    await until(() => text.includes(OPEN), 'the stream');
    await get(server, '/peerjs/id');
    assert.equal(text.match(/HTTP\/1\.1/g).length, 1, text);
    socket.destroy();
  });

  test('who is not let in does not learn who is there', [], async ({ backend, peer, refused, socket }) => {
    await peer('ann');
    backend.answer = ({ token }) => (token === 'bad' ? { status: 403 } : {});
    await refused({ id: 'ann', token: 'bad' }, 'Unauthorized');
    await socket({ id: 'ann', token: 'other' }).expect(ID_TAKEN);
  });

  test('and says who may call', [], async ({ backend, peer }) => {
    backend.answer = ({ token }) => ({ json: { may: [token], more: 1 } });
    const caller = await peer('caller', { token: 'call' });
    const callee = await peer('callee', { token: 'answer' });
    callee.signal('OFFER', 'caller', 1);
    await callee.expect(relayed('EXPIRE', 'caller', 'callee'));
    await partners(caller, callee);
  });

  test('and how many there may be, and for how long', [], async ({ backend, page, peer, refused }) => {
    backend.answer = ({ id }) => ({ json: id === 'short' ? { expires_in: 0.5 } : { limit: 2 } });
    await peer('a', { token: 't' });
    await peer('b', { token: 't' });
    await refused({ id: 'c', token: 't' }, 'Token has reached its concurrent user limit');
    const short = await page('short', { version: '1.5.5' });
    await short.expect(errorText('Token has expired'));
    assert.deepEqual(await short.expectClosed(), { code: 1008, reason: 'token expired' });
  });

  const ignoring = ['--auth_secret', SECRET, '--auth_expiry', 'ignore'];
  test('and for how long, whatever becomes of tokens that expire', ignoring, async (scope) => {
    const { backend, page, refused, socket } = scope;
    backend.answer = ({ id }) => ({ json: id === 'short' ? { expires_in: 2 } : {} });
    const token = await sign('short');
    const bob = await page('bob', { token: await sign('bob') });
    const short = await page('short', { token, version: '1.5.5' });
    await partners(short, bob);
    await short.expect(errorText('Token has expired'));
    assert.deepEqual(await short.expectClosed(), { code: 1008, reason: 'token expired' });
    bob.signal('CANDIDATE', 'short', 'meanwhile');
    await bob.fence();
    backend.answer = () => ({ status: 503 });
    await refused({ id: 'short', token }, DOWN);
    backend.answer = () => ({});
    const again = socket({ id: 'short', token });
    await again.expect(OPEN, relayed('CANDIDATE', 'bob', 'short', '"meanwhile"'));
    await bob.fence();
  });

  test('over connections that are kept', [], async ({ backend, name, peer }) => {
    for (let i = 0; i < 3; i += 1) await peer(name('p-'));
    assert.equal(new Set(backend.asked.map((each) => each.connection)).size, 1);
    backend.cut();
    await peer(name('p-'));
    assert.equal(new Set(backend.asked.map((each) => each.connection)).size, 2);
  });

  test('at the same time for all who come', [], async ({ backend, name, peer }) => {
    backend.answer = async () => {
      await backend.times(10);
      return {};
    };
    await Promise.all(Array.from({ length: 10 }, () => peer(name('p-'))));
  });

  test('once for the same question', [], async ({ backend, server, socket }) => {
    let release;
    const released = new Promise((resolve) => (release = resolve));
    backend.answer = () => released;
    const one = socket({ id: 'ann' });
    const two = socket({ id: 'ann' });
    const other = socket({ id: 'bob' });
    await backend.times(2);
    await until(async () => (await request(server, 'GET', '/')).status === 200, 'a turn');
    release({});
    await Promise.all([one.upgraded, two.upgraded, other.expect(OPEN)]);
    assert.equal(backend.asked.filter(({ json }) => json.id === 'ann').length, 1);
  });

  test('only each time, unless its answer holds', ['--auth_cache', '5s'], async (scope) => {
    const { backend, peer, refused } = scope;
    backend.answer = ({ id }) => (id === 'eve' ? { status: 403 } : {});
    const first = await peer('ann');
    await first.close(1000);
    await (await peer('ann')).close(1000);
    await refused({ id: 'eve' }, 'Unauthorized');
    await refused({ id: 'eve' }, 'Unauthorized');
    assert.equal(backend.asked.length, 2);
    backend.answer = () => ({ status: 403, json: { reason: 'not any more' } });
    await until(async () => {
      const again = scope.socket({ id: 'ann' });
      const text = await again.next();
      await again.close(1000);
      return text === errorText('not any more');
    }, 'the answer to run out');
  });

  test('before anything that follows the handshake is heard', [], async ({ backend, raw, server, peer }) => {
    const bob = await peer('bob');
    let release;
    backend.answer = () => new Promise((resolve) => (release = resolve));
    const early = raw({ server, id: 'ann' });
    early.send('{"type":"OFFER","dst":"bob","payload":1}');
    await backend.times(2);
    early.send('{"type":"CANDIDATE","dst":"bob","payload":2}');
    await bob.fence();
    release({});
    await early.open();
    await bob.expect(relayed('OFFER', 'ann', 'bob', '1'), relayed('CANDIDATE', 'ann', 'bob', '2'));
    early.send('{"type":"CANDIDATE","dst":"bob","payload":3}');
    await bob.expect(relayed('CANDIDATE', 'ann', 'bob', '3'));
  });

  for (const [how, go] of [
    ['reset', (gone) => gone.reset()],
    ['ended', (gone) => gone.lose()],
  ]) {
    test(`not if its client has ${how} its connection`, [], async ({ backend, raw, server, peer }) => {
      let release;
      backend.answer = () => new Promise((resolve) => (release = resolve));
      const gone = raw({ server, id: 'ann', version: '1.5.5' }); // as a page, it could come back
      await backend.times(1);
      go(gone);
      await once(gone.socket, 'close');
      release({});
      backend.answer = () => ({});
      await peer('ann', { token: 'another' });
    });
  }

  test('no longer when the server stops', ['--auth_timeout', '3600s'], async ({ backend, server, socket }) => {
    backend.answer = hang;
    const waiting = socket({ id: 'ann' });
    await backend.times(1);
    const stopped = server.stop();
    await assert.rejects(within(waiting.upgraded, 'an answer'), { status: 503 });
    assert.deepEqual(await stopped, { code: 0, signal: null });
  });

  const strict = ['--reserved_ids', 'root', '--cors', 'https://app.test', '--allow_discovery'];
  test('nor with what is refused anyway', strict, async (scope) => {
    const { backend, refused, server } = scope;
    await refused({ id: 'ann', key: 'x' }, 'Invalid key provided');
    await refused({ id: 'a'.repeat(1025) }, 'ID is too long');
    await refused({ id: 'ann', token: 'a'.repeat(4097) }, 'Token is too long');
    await refused({ id: 'ann', token: '' }, 'No id, token, or key supplied to websocket server');
    await refused({ id: 'root' }, 'ID is not allowed');
    const origin = 'https://evil.test';
    await refused({ id: 'ann', origin }, `Origin ${origin} is not allowed by this server`);
    assert.equal((await post(server, { id: 'root' })).status, 200);
    assert.equal((await get(server, '/peerjs/peers', { Origin: origin })).status, 401);
    assert.deepEqual(backend.asked, []);
  });

  test('for streams too, but not for what is posted', [], async ({ backend, refused, server, stream, streaming }) => {
    backend.answer = ({ id }) => (id === 'eve' ? { status: 403, json: { reason: 'no' } } : {});
    const eve = await post(server, { id: 'eve' });
    assert.equal(eve.body, errorText('no'));
    const ann = await stream('ann');
    const said = await post(server, { id: 'ann', verb: 'candidate' }, { type: 'CANDIDATE', dst: 'ann', payload: 1 });
    assert.equal(said.status, 200);
    await ann.expect(relayed('CANDIDATE', 'ann', 'ann', '1'));
    assert.equal(backend.asked.length, 2);
    const renewed = streaming({ server, id: 'ann', query: 'i=1' });
    await renewed.begin();
    assert.equal(backend.asked.length, 3);
  });

  const turn = ['--turn_secret', 'x', '--turn_urls', 'turn:a', '--allow_discovery'];
  test('for TURN and the list of peers', turn, async ({ backend, peer, server }) => {
    backend.answer = ({ token }) => {
      if (token === 'bad') return { status: 403, json: { reason: 'no' } };
      return { json: token === 'blind' ? { may: 'call' } : {} };
    };
    const ice = (token) => get(server, `/peerjs/ice?id=ann&token=${token}`);
    assert.equal(JSON.parse((await ice('good')).body).iceServers[0].urls[0], 'turn:a');
    const refused = await ice('bad');
    assert.deepEqual([refused.status, refused.body], [401, 'no']);
    assert.equal((await get(server, '/peerjs/ice?token=x')).body, 'No id supplied');
    assert.equal((await ice('a'.repeat(4097))).body, 'Token is too long');
    await peer('ann');
    const list = async (token) => {
      const { status, body } = await get(server, '/peerjs/peers', { Authorization: `Bearer ${token}` });
      return [status, body];
    };
    assert.deepEqual(await list('good'), [200, '["ann"]']);
    assert.deepEqual(await list('bad'), [401, 'no']);
    assert.deepEqual(await list('blind'), [401, 'Unauthorized']);
    const purposes = backend.asked.map(({ json }) => [json.purpose, json.id, json.token]);
    assert.deepEqual(purposes, [
      ['ice', 'ann', 'good'],
      ['ice', 'ann', 'bad'],
      ['connect', 'ann', 'token'],
      ['list', '', 'good'],
      ['list', '', 'bad'],
      ['list', '', 'blind'],
    ]);
  });

  test('beside signed tokens, of which both count', ['--auth_secret', SECRET], async (scope) => {
    const { backend, refused, socket } = scope;
    backend.answer = () => ({ json: { may: ['call', 'answer'], limit: 5 } });
    await refused({ id: 'ann', token: 'x' }, 'Token is not valid');
    assert.deepEqual(backend.asked, []);
    const token = await sign('user', { peerjs: { id: '*', may: ['call', 'list'], limit: 1 } });
    const ann = socket({ id: 'ann', token });
    await ann.expect(OPEN);
    assert.deepEqual([backend.asked[0].json.user, backend.asked[0].json.token], ['user', token]);
    await refused({ id: 'ann2', token }, 'Token has reached its concurrent user limit');
    const other = socket({ id: 'bob', token: await sign('bob') });
    await other.expect(OPEN);
    other.signal('OFFER', 'ann', 1);
    await other.expect(relayed('EXPIRE', 'ann', 'bob'));
    await partners(ann, other);
  });
});

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G';
asking('A service that knows who asks', ['--hook_secret', secret], (test) => {
  test('by a signature', [], async ({ backend, peer }) => {
    await peer('a');
    await peer('b');
    for (const asked of backend.asked) {
      assert.ok(isSigned(asked, secret));
      assert.ok(!isSigned({ ...asked, body: `${asked.body} ` }, secret));
    }
    const ids = backend.asked.map(({ headers }) => headers['webhook-id']);
    assert.equal(new Set(ids).size, 2);
  });
});

const LONG = ['--auth_timeout', '3600s'];
asking('Where the service is down', ['--auth_timeout', '500'], (test) => {
  const failing = {
    'answers nonsense': () => ({ text: 'OK' }),
    'answers what it may not': () => ({ json: { limit: '3' } }),
    'answers too much': () => ({ text: ' '.repeat(65 * 1024) }),
    'answers 500': () => ({ status: 500 }),
    redirects: () => ({ status: 302, headers: { Location: '/elsewhere' } }),
    hangs: hang,
  };
  for (const [how, answer] of Object.entries(failing)) {
    // What is not for the time to tell is told at once, however long that is.
    const time = how === 'hangs' ? [] : LONG;
    test(`as it ${how}, nobody new comes in`, time, async ({ backend, refused, server }) => {
      backend.answer = answer;
      const began = performance.now();
      await refused({ id: 'ann', token: 'hidden' }, DOWN);
      assert.ok(performance.now() - began < 2000, 'not as long as without --auth_timeout');
      const { log } = server;
      const address = `127.0.0.1:${backend.port}`;
      await server.waitForLog(
        new RegExp(`Auth service failed: ${address}: .*; ann is refused \\(127.0.0.1\\)`),
      );
      assert.ok(!log().includes('hidden'));
    });
  }

  test('all come in where the operator wants that', ['--auth_down', 'accept'], async ({ backend, peer, server }) => {
    await backend.stop();
    await peer('ann');
    await server.waitForLog(/Auth service failed: \S+: Connection refused; ann is let in/);
  });

  test('or where it takes no questions at all', ['--auth_down', 'accept'], async ({ backend, peer }) => {
    backend.answer = () => ({ status: 503 });
    await peer('ann');
  });

  test('or does not answer any', ['--auth_down', 'accept'], async ({ backend, peer }) => {
    backend.answer = hang;
    await peer('ann');
  });

  const { redirects, hangs, ...provoked } = failing;
  for (const [how, answer] of Object.entries(provoked)) {
    test(`but not where it ${how} to one`, ['--auth_down', 'accept'], async ({ backend, refused }) => {
      backend.answer = answer;
      await refused({ id: 'ann' }, DOWN);
    });
  }

  test('nor where it answers others, but not this one', ['--auth_down', 'accept'], async (scope) => {
    const { backend, peer, refused } = scope;
    backend.answer = (asked) => (asked.id === 'slow' ? hang() : {});
    let goes = true;
    const others = (async () => {
      while (goes) await peer('other-');
    })();
    await refused({ id: 'slow' }, DOWN);
    goes = false;
    await others;
  });

  test('who is known stays, with what it may', [], async (scope) => {
    const { backend, page, peer, refused, server, stream, streaming } = scope;
    backend.answer = ({ id }) => ({ json: id === 'ann' ? { may: ['answer'] } : {} });
    const ann = await page('ann');
    const bob = await peer('bob');
    const old = await stream('old');
    await backend.stop();
    ann.lose();
    await refused({ id: 'ann', token: 'other' }, DOWN);
    await refused({ id: 'new' }, DOWN);
    const again = await page('ann');
    again.signal('OFFER', 'bob', 1);
    await again.expect(relayed('EXPIRE', 'bob', 'ann'));
    await (await peer('bob')).fence();
    await bob.expectClosed();
    const renewed = streaming({ server, id: 'old', query: 'i=1' });
    await renewed.begin();
    await within(old.ended, 'the end of the stream that was renewed');
    await server.waitForLog(/ann is let in/);
  });

  test('it is asked again when it is back', [], async ({ backend, peer, refused }) => {
    await backend.stop();
    await refused({ id: 'ann' }, DOWN);
    const again = await startBackend(() => ({}), { port: backend.port });
    await peer('ann');
    assert.equal(again.asked.length, 1);
    await again.stop();
  });
});

suite('A service behind TLS', [], ({ both: test }) => {
  const run = async ({ adopt, name }, host, trusted, args = []) => {
    const secure = makeCertificate(directory, name('backend'), 'DNS:localhost');
    const backend = await startBackend(() => ({}), { secure });
    const url = `https://${host}:${backend.port}/hook?secret=sesame`;
    const env = { PEERJSD_AUTH_URL: url };
    if (trusted) env.SSL_CERT_FILE = secure.cert;
    const server = adopt(await startPeerjsd(args, { env }));
    const peer = new Peer(server, { id: 'ann' });
    const text = await peer.next();
    peer.lose();
    await backend.stop();
    assert.ok(!server.log().includes('sesame'));
    return { text, server, backend };
  };

  test('is asked if its certificate is trusted', async (scope) => {
    const { text, backend } = await run(scope, 'localhost', true);
    assert.equal(text, OPEN);
    assert.equal(backend.asked[0].url, '/hook?secret=sesame');
  });

  test('and for its name', async (scope) => {
    const { text, server } = await run(scope, '127.0.0.1', true);
    assert.equal(text, errorText(DOWN));
    await server.waitForLog(/127.0.0.1:\d+: its certificate is not trusted: IP address mismatch/);
  });

  test('and not otherwise', async (scope) => {
    const { text, server, backend } = await run(scope, 'localhost', false);
    assert.equal(text, errorText(DOWN));
    assert.deepEqual(backend.asked, []);
    await server.waitForLog(/localhost:\d+: its certificate is not trusted: self-signed/);
  });

  test('nor is somebody else in its place as if it were down', async (scope) => {
    for (const [host, trusted] of [['127.0.0.1', true], ['localhost', false]]) {
      const { text, server } = await run(scope, host, trusted, ['--auth_down', 'accept']);
      assert.equal(text, errorText(DOWN));
      await server.waitForLog(/its certificate is not trusted: .*; ann is refused/);
    }
  });
}, OURS);

suite('The configuration of a service', [], ({ both: test }) => {
  test('is warned of where cookies let pages of any site in', async ({ start }) => {
    const warning = /--auth_headers has cookie, and --cors lets pages of any site connect/;
    const asks = ['--auth_url', 'http://127.0.0.1/'];
    const cases = [
      [['--auth_headers', 'Cookie'], true],
      [['--auth_headers', 'cookie', '--cors', '*'], true],
      [['--auth_headers', 'cookie', '--cors', 'https://app.test'], false],
      [['--auth_headers', 'user-agent'], false],
    ];
    for (const [args, warns] of cases) {
      const server = await start([...asks, ...args]);
      await server.stop(); // by then all of the start has been logged
      assert.equal(warning.test(server.log()), warns, args.join(' '));
    }
  });

  test('a key that is taken out while it is asked is no good any more', async ({ socket, start }) => {
    const backend = await startBackend();
    const [first, second] = [await makeKey('ES256'), await makeKey('ES256')];
    const pem = join(directory, 'key.pem');
    writeFileSync(pem, first.pem);
    const server = await start(['--auth_url', backend.url, '--auth_public_key', pem]);
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    backend.answer = () => answered;
    const ann = socket({ server, id: 'ann', token: await first.sign('ann') });
    await until(() => backend.asked.length === 1, 'the question');
    writeFileSync(pem, second.pem);
    await server.waitForLog(/Keys for tokens reloaded/);
    answer({});
    await ann.expect(errorText('Token is not valid'));
    await backend.stop();
  });

  test('changes while the server runs, and metrics tell of it', async ({ adopt, socket }) => {
    const backend = await startBackend(() => ({ status: 503 }));
    const file = join(directory, 'peerjsd.conf');
    const admin = { host: '127.0.0.1', port: await freePort() };
    const common = `auth_url = ${backend.url}\nadmin_port = ${admin.port}\n`;
    writeFileSync(file, common);
    const server = adopt(await startPeerjsd(['--config', file]));
    await socket({ server, id: 'ann' }).expect(errorText(DOWN));
    writeFileSync(file, `${common}auth_down = accept\nauth_cache = 3600s\n`);
    server.child.kill('SIGHUP');
    await server.waitForLog(/Configuration reloaded; changed: --auth_down, --auth_cache/);
    await socket({ server, id: 'ann' }).expect(OPEN);
    backend.answer = () => ({});
    for (const id of ['bob', 'bob']) await socket({ server, id }).upgraded;
    await until(async () => (await metric({ admin }, 'peerjsd_auth_cached_total')) === 1, 'a hit');
    const total = (result) =>
      metric({ admin }, 'peerjsd_auth_requests_total', `{result="${result}"}`);
    assert.deepEqual([await total('failed'), await total('admitted'), await total('refused')], [2, 1, 0]);
    assert.equal(await metric({ admin }, 'peerjsd_auth_under_way'), 0);
    await backend.stop();
  });
}, OURS);
