// Opening, calling and being refused, the same against peerjsd and npm peer 1.0.2.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe } from 'node:test';
import { VERSIONS, exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startNpmPeer, startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();
const EXPIRE_MS = 1000;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const SERVERS = [
  ['peerjsd', startPeerjsd],
  ['npm peer', startNpmPeer],
];

async function sendBytes(from, to, name, bytes) {
  const arrival = to.event(`${name} data`);
  await from.do('sendBytes', name, bytes.toString('base64'));
  const got = Buffer.from((await arrival).base64, 'base64');
  assert.ok(got.equals(bytes), `${got.length} bytes came, other than the ${bytes.length} sent`);
}

/** A media call from one tab to the other, up to moving pictures on both sides. */
async function callWithVideo(from, to, toId, name) {
  const streams = Promise.all([from.event(`${name} stream`), to.event(`${name} stream`)]);
  await Promise.all([streams, from.do('call', name, toId)]);
  for (const seen of await Promise.all([from.do('playing', name), to.do('playing', name)])) {
    assert.ok(seen.width > 0 && seen.time > 0 && seen.frames > 1, JSON.stringify(seen));
  }
}

for (const [serverName, startServer] of SERVERS) {
  const start = (cast) => cast.server(startServer(['--expire_timeout', String(EXPIRE_MS)]));

  for (const version of VERSIONS) {
    describe(`peerjs ${version} on ${serverName}`, () => {
      scenario('opens with an id from the server and with one of its own', async (cast) => {
        const [server, [one, two]] = await Promise.all([start(cast), cast.tabs(version, version)]);
        assert.match(await one.join(server), UUID_V4);
        assert.equal(await two.join(server, 'my own_id-1'), 'my own_id-1');
      });

      scenario('carries text and 200 KB of bytes both ways over a data channel', async (cast) => {
        const [server, [one, two]] = await Promise.all([start(cast), cast.tabs(version, version)]);
        const [, twoId] = await Promise.all([one.join(server, 'one'), two.join(server)]);
        await openChannel(one, two, twoId, 'chat');
        await exchange(one, two, 'chat');
        await sendBytes(one, two, 'chat', randomBytes(200 * 1024));
        await sendBytes(two, one, 'chat', randomBytes(200 * 1024));
      });

      scenario('shows the moving picture of a media call on both sides', async (cast) => {
        const [server, [one, two]] = await Promise.all([start(cast), cast.tabs(version, version)]);
        const [, twoId] = await Promise.all([one.join(server), two.join(server, 'two')]);
        await callWithVideo(one, two, twoId, 'call');
      });

      scenario('reports unavailable-id for an id whose owner notices nothing', async (cast) => {
        const [server, [owner, other]] = await Promise.all([
          start(cast),
          cast.tabs(version, version),
        ]);
        await owner.join(server, 'taken');
        await other.start(server, 'taken');
        const error = await other.event('peer error');
        assert.equal(error.type, 'unavailable-id');
        await other.event('peer close');
        assert.equal(other.all('peer open').length, 0);

        const caller = await cast.tab(version);
        await caller.join(server);
        await openChannel(caller, owner, 'taken', 'still-there');
        assert.equal(owner.all('peer disconnected').length, 0);
      });

      scenario('reports peer-unavailable for an absent id after expire_timeout', async (cast) => {
        const [server, tab] = await Promise.all([start(cast), cast.tab(version)]);
        await tab.join(server);
        const begin = performance.now();
        await tab.do('connect', 'nobody', 'absent');
        const error = await tab.event('peer error');
        const took = performance.now() - begin;
        cast.note(`peer-unavailable after ${took.toFixed(0)} ms, expire_timeout ${EXPIRE_MS} ms`);
        assert.equal(error.type, 'peer-unavailable');
        assert.match(error.message, /absent/);
        assert.ok(took >= EXPIRE_MS, `after ${took} ms already`);
        assert.equal(tab.all('peer disconnected').length, 0);
      });
    });
  }
}

describe('defaults and mixtures on peerjsd', () => {
  scenario('an absent id is reported after the default expire_timeout of 5 s', async (cast) => {
    const [server, tab] = await Promise.all([cast.server(startPeerjsd()), cast.tab('1.5.5')]);
    await tab.join(server);
    const begin = performance.now();
    await tab.do('connect', 'nobody', 'absent');
    const error = await tab.event('peer error');
    const took = performance.now() - begin;
    cast.note(`peer-unavailable after ${took.toFixed(0)} ms`);
    assert.equal(error.type, 'peer-unavailable');
    assert.ok(took >= 5000, `after ${took} ms already`);
  });

  for (const [version, otherVersion] of [
    ['1.3.2', '2.0.0-beta.3'],
    ['1.5.5', '1.0.0'],
  ]) {
    scenario(`peerjs ${version} and ${otherVersion} talk to and see each other`, async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tabs(version, otherVersion),
      ]);
      const [oneId, twoId] = await Promise.all([one.join(server), two.join(server)]);
      await openChannel(one, two, twoId, 'there');
      await openChannel(two, one, oneId, 'back');
      await exchange(one, two, 'there');
      await exchange(one, two, 'back');
      await callWithVideo(one, two, twoId, 'call');
    });
  }
});
