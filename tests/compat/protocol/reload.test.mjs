// SIGHUP: another configuration, and nobody notices but whom it concerns.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryDirectory } from '../support/dial.mjs';
import { freePort } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { SECRET, sign } from '../support/tokens.mjs';
import { get, OPEN, partners, relayed, until, within } from '../support/wire.mjs';

const WHY = 'npm peer reads its configuration once';
const file = path.join(temporaryDirectory(), 'peerjsd.conf');

/** A server with that configuration, whose reload() gives it another one. */
async function configured({ start }, text) {
  writeFileSync(file, text);
  const server = await start(['--config', file]);
  server.reload = async (other, said = /Configuration (not )?reloaded.*\n/) => {
    const before = server.log().length;
    writeFileSync(file, other);
    server.child.kill('SIGHUP');
    await server.waitForLog(new RegExp(`[^]{${before}}[^]*${said.source}`));
    return server.log().slice(before);
  };
  return server;
}

const refusalOf = (msg) => JSON.stringify({ type: 'ERROR', payload: { msg } });

suite(
  'A reload',
  [],
  ({ improvement }) => {
    improvement('changes limits, keys and origins, and disconnects nobody', WHY, async (scope) => {
      const server = await configured(scope, 'key = one\n');
      const at = (id, more) => scope.socket({ id, key: 'one', server, ...more });
      const [a, b] = [at('a'), at('b')];
      await Promise.all([a.expect(OPEN), b.expect(OPEN)]);
      await partners(a, b);
      const log = await server.reload(
        'key = one, two\nconcurrent_limit = 2\ncors = https://app.example\nallow_discovery = true\n',
      );
      assert.match(
        log,
        / info Configuration reloaded; changed: --key, --cors, --concurrent_limit, --allow_discovery\n/,
      );
      await at('c').expect(refusalOf('Server has reached its concurrent user limit'));
      await at('d', { key: 'two' }).expect(OPEN);
      const refused = at('e', { key: 'two', origin: 'https://other.example' });
      assert.match(await refused.next(), /"ERROR"/);
      assert.deepEqual(JSON.parse((await get(server, '/one/peers')).body).sort(), ['a', 'b']);
      b.signal('OFFER', 'a', 1);
      await a.expect(relayed('OFFER', 'b', 'a', '1'));
    });

    improvement('ends nobody who is silent before he has been asked', WHY, async (scope) => {
      const server = await configured(scope, 'alive_timeout = 60s\nping_interval = 25s\n');
      const [quiet, busy] = ['quiet', 'busy'].map((id) => scope.socket({ id, server }));
      await quiet.expect(OPEN);
      const from = performance.now();
      await busy.expect(OPEN);
      await until(() => performance.now() > from + 1_100, 'a silence that will be too long');
      await server.reload('alive_timeout = 1s\nping_interval = 25s\n');
      await until(() => quiet.pings >= 3, 'more pings than fit into a second');
      busy.signal('OFFER', 'quiet', 1);
      await quiet.expect(relayed('OFFER', 'busy', 'quiet', '1'));
    });

    improvement('changes what connections may do', WHY, async (scope) => {
      const server = await configured(scope, '');
      const a = scope.socket({ id: 'a', server });
      await a.expect(OPEN);
      await server.reload('max_message_bytes = 1KiB\n');
      a.send({ type: 'OFFER', dst: 'a', payload: 'x'.repeat(1024) });
      assert.equal((await within(a.closed, 'the close')).code, 1009);
    });

    improvement("changes the operators' token", WHY, async (scope) => {
      const port = await freePort();
      const [first, second] = ['the first of the tokens', 'the other of the tokens'];
      const text = (token) => `admin_port = ${port}\nadmin_token = ${token}\n`;
      const server = await configured(scope, text(first));
      const ask = async (token) => {
        const headers = { Authorization: `Bearer ${token}` };
        return (await fetch(`http://127.0.0.1:${port}/peers/peerjs`, { headers })).status;
      };
      assert.deepEqual([await ask(first), await ask(second)], [200, 401]);
      await server.reload(text(second));
      assert.deepEqual([await ask(first), await ask(second)], [401, 200]);
    });

    improvement('lets those stay whose key is taken away', WHY, async (scope) => {
      const server = await configured(scope, 'key = one, two\n');
      const a = scope.socket({ id: 'a', key: 'one', server });
      await a.expect(OPEN);
      await server.reload('key = two\n');
      await a.fence();
      const late = scope.socket({ id: 'late', key: 'one', server });
      await late.expect(refusalOf('Invalid key provided'));
      assert.equal((await get(server, '/one/id')).status, 401);
      await scope.socket({ id: 'a', key: 'one', server }).expect(OPEN);
    });

    improvement('says who is ended when a token expires, but not of who is there', WHY, async (scope) => {
      const text = (expiry) => `auth_secret = ${SECRET}\nauth_leeway = 0\nauth_expiry = ${expiry}\n`;
      const server = await configured(scope, text('end'));
      const after = (seconds) => Date.now() / 1000 + seconds;
      const connect = async (id, exp) => {
        const peer = scope.socket({ server, id, token: await sign(id, { exp }) });
        await peer.expect(OPEN);
        return peer;
      };
      const isEnded = async (peer) =>
        assert.deepEqual(await peer.expectClosed(), { code: 1008, reason: 'token expired' });
      const [first, last] = [after(4), after(4.2)];
      const early = await connect('early', last);
      const old = scope.streaming({ server, id: 'old', token: await sign('old', { exp: first }) });
      await old.open();
      await server.reload(text('ignore'));
      const stays = await connect('stays', first);
      const stream = await scope.renew(old, { server }); // with what holds now
      await isEnded(early);
      await stays.fence();
      await stream.fence();
      await server.reload(text('end'));
      await isEnded(await connect('late', after(2)));
      await stays.fence();
      const posted = await stream.post('candidate', { type: 'CANDIDATE', dst: 'old' });
      assert.equal(posted.status, 401, 'a stream shows its token with each message');
      const refused = scope.streaming({ ...stream.options, server });
      await within(refused.ended, 'the end of another renewal');
      assert.equal(refused.chunks.join('').trimEnd(), refusalOf('Token has expired'));
    });

    improvement('says what needs a restart', WHY, async (scope) => {
      const server = await configured(scope, '');
      const log = await server.reload(
        'path = /other\nadmin_port = 1\nleave = never\n',
        /before a restart.*\n/,
      );
      assert.match(log, / info Configuration reloaded; changed: --leave\n/);
      assert.match(log, / warning Not changed before a restart: --path, --admin_port\n/);
      assert.equal((await get(server, '/peerjs/id')).status, 200);
    });

    improvement('is none if anything is wrong', WHY, async (scope) => {
      const server = await configured(scope, 'concurrent_limit = 1\n');
      const a = scope.socket({ id: 'a', server });
      await a.expect(OPEN);
      const log = await server.reload('concurrent_limit = 10\nleave_grace = soon\n');
      assert.match(
        log,
        / error Configuration not reloaded, the old one goes on: \S+:2: leave_grace: 'soon' is not a time/,
      );
      const b = scope.socket({ id: 'b', server });
      await b.expect(refusalOf('Server has reached its concurrent user limit'));
      await a.fence();
    });

    improvement('changes how much is logged', WHY, async (scope) => {
      const server = await configured(scope, 'log_level = info\n');
      await server.reload('log_level = warn\npath = /other\n', /before a restart/);
      const a = scope.socket({ id: 'a', server });
      await a.expect(OPEN);
      const log = await server.reload('log_level = info\n');
      assert.doesNotMatch(log, /Client connected/);
      await scope.socket({ id: 'b', server }).expect(OPEN);
      await server.waitForLog(/Client connected: b /);
    });
  },
  { kinds: ['peerjsd'] },
);
