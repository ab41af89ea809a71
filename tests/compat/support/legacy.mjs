// The clients before 1.0: over WebSocket, over their XHR stream, mixed, and with 1.5.5.
//
// npm peer 0.2.10 is the reference over WebSocket only. It writes to a stream without pauses, and
// of lines that come together a client reads the first: of ten channels wanted at once over streams
// two to five open there, and now and then a single one does not.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser } from './browser.mjs';
import { startNpmPeer02, startPeerjsd } from './server.mjs';
import { OPEN, Peer, until } from './wire.mjs';

const EXPIRE_MS = 200;
const COUNT = 40; // more than three seconds' worth of lines

// What clients throw or report by nature: when there is no WebSocket, and when a CANDIDATE comes
// before its ANSWER. A page on a stream posts both at once, and may have to send a preflight for
// the ANSWER alone. The candidate is lost then.
const NATURAL = /^uncaught: (WebSocket is not defined|.*remote description was null)/;
const EARLY_CANDIDATE = 'webrtc';

async function openAndEcho(from, to, toId, name) {
  await openChannel(from, to, toId, name);
  await exchange(from, to, name);
}

/** One OPEN over both transports, and nothing that would tell the app of trouble. */
function assertUndisturbed(...tabs) {
  for (const tab of tabs) {
    assert.equal(tab.all('peer open').length, 1, `${tab.name}: open events`);
    const errors = tab.all('peer error').map(({ detail }) => detail);
    assert.deepEqual(errors.filter(({ type }) => type !== EARLY_CANDIDATE), [], tab.name);
    for (const event of ['peer disconnected', 'peer close']) {
      assert.deepEqual(tab.all(event), [], tab.name);
    }
    const thrown = tab.lines.filter((line) => line.startsWith('uncaught') && !NATURAL.test(line));
    assert.deepEqual(thrown, [], tab.name);
  }
}

/** All that clients of one version do. A file for each half of them: they take long. */
export function legacySuite(versions) {
  const { scenario } = useBrowser();
  for (const version of versions) defineFor(version, scenario);
}

function defineFor(version, scenario) {
  for (const [serverName, startServer] of [
    ['peerjsd', startPeerjsd],
    ['npm peer 0.2.10', startNpmPeer02],
  ]) {
    scenario(`peerjs ${version} talks over WebSocket on ${serverName}`, async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startServer()),
        cast.tabs(version, version),
      ]);
      const [, twoId] = await Promise.all([one.join(server, 'one'), two.join(server)]);
      await openAndEcho(one, two, twoId, 'there');
      await openAndEcho(two, one, 'one', 'back');
      for (const tab of [one, two]) assert.equal(tab.all('websocket').length, 1);
      assertUndisturbed(one, two);
    });
  }

  describe(`peerjs ${version} on an XHR stream of peerjsd`, () => {
    // Both ways not to have a WebSocket: prepare.js says which leaves room for what.
    scenario('talks without WebSocket', async (cast) => {
      const [server, one, two] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tab(version, 'hanging-websocket'),
        cast.tab(version, 'no-websocket'),
      ]);
      const [, twoId] = await Promise.all([one.join(server, 'one'), two.join(server)]);
      await openAndEcho(one, two, twoId, 'there');
      await openAndEcho(two, one, 'one', 'back');
      for (const tab of [one, two]) assert.equal(tab.all('websocket').length, 0);
      assertUndisturbed(one, two);
    });

    scenario('talks with a page on a WebSocket', async (cast) => {
      const [server, one, two] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tab(version),
        cast.tab(version, 'no-websocket'),
      ]);
      const [, twoId] = await Promise.all([one.join(server, 'one'), two.join(server)]);
      await openAndEcho(one, two, twoId, 'there');
      await openAndEcho(two, one, 'one', 'back');
      assertUndisturbed(one, two);
    });

    scenario('opens ten channels at once', async (cast) => {
      const [server, one, two] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tab(version, 'no-websocket'),
        cast.tab(version, 'no-websocket'),
      ]);
      const [, twoId] = await Promise.all([one.join(server), two.join(server)]);
      const names = Array.from({ length: 10 }, (_, index) => `chat-${index}`);
      const opened = names.flatMap((name) => [one, two].map((tab) => tab.event(`${name} open`)));
      await Promise.all([...opened, one.do('connectAll', names, twoId)]);
      await Promise.all(names.map((name) => exchange(one, two, name)));
      assertUndisturbed(one, two);
    });

    // What comes while a page is busy reaches its client as one text, of which it reads the first
    // line only. The others need lines after them, however many times nothing more is to be said.
    scenario('reads later what came while its page was busy', async (cast) => {
      const [server, tab] = await Promise.all([
        cast.server(startPeerjsd(['--expire_timeout', '500'])),
        cast.tab(version, 'no-websocket'),
      ]);
      await tab.join(server);
      const absent = ['absent1', 'absent2', 'absent3', 'absent4'];
      const posted = absent.map((_, index) => {
        let count = 0;
        return tab.page.waitForResponse(
          (answer) =>
            answer.request().method() === 'POST' &&
            answer.url().endsWith('/offer') &&
            (count += 1) > index,
        );
      });
      await Promise.all([...posted, ...absent.map((id) => tab.do('connect', id, id))]);
      await tab.page.evaluate(() => {
        for (const end = performance.now() + 1200; performance.now() < end; );
      });
      const told = () => new Set(tab.all('peer error').map(({ detail }) => detail.message)).size;
      await until(() => told() === absent.length, 'an error for each absent peer');
    });

    // Renewing its stream a client lets go of the old one, with all that it has not read.
    scenario('loses nothing that came while its page was busy, up to a renewal', async (cast) => {
      const [server, tab] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tab(version, 'no-websocket', 'early-renewal'),
      ]);
      const id = await tab.join(server);
      const sender = new Peer(server, { id: 'sender' });
      cast.onClose(() => sender.lose());
      await sender.expect(OPEN);
      // It stays slow for a while, and reads a line in twice the time in which one is written.
      const busy = tab.page.evaluate(() => {
        const work = (ms) => {
          for (const end = performance.now() + ms; performance.now() < end; );
        };
        work(5000);
        setInterval(work, 160, 130);
      });
      for (let i = 0; i < COUNT; i += 1) sender.signal('CANDIDATE', id, { connectionId: `c${i}` });
      await busy;
      const all = async () => (await tab.do('strangers')) === COUNT;
      await until(all, `messages of all ${COUNT} strangers`);
      assert.equal(tab.all('peer open').length, 1);
    });

    scenario('loses nothing by the keep-alives of a quiet stream', async (cast) => {
      const [server, one, two] = await Promise.all([
        cast.server(startPeerjsd(['--ping_interval', '300'])),
        cast.tab(version, 'no-websocket'),
        cast.tab(version, 'no-websocket'),
      ]);
      const [, twoId] = await Promise.all([one.join(server), two.join(server)]);
      // Padding, OPEN, the eight lines after it for a page that was busy, and then:
      const kept = async (tab) => (await tab.do('streamed')).split('\n').length > 2 + 8 + 3;
      for (const tab of [one, two]) await until(() => kept(tab), 'three keep-alives');
      await openAndEcho(one, two, twoId, 'chat');
      assertUndisturbed(one, two);
    });
  });

  for (const [transport, ...conditions] of [['a WebSocket'], ['an XHR stream', 'no-websocket']]) {
    scenario(`peerjs ${version} on ${transport} and 1.5.5 exchange all signals`, async (cast) => {
      const [server, old, modern, leaver] = await Promise.all([
        cast.server(startPeerjsd(['--expire_timeout', String(EXPIRE_MS)])),
        cast.tab(version, ...conditions),
        ...(await cast.tabs('1.5.5', '1.5.5')),
      ]);
      const [oldId, modernId] = await Promise.all([
        old.join(server),
        modern.join(server),
        leaver.join(server),
      ]);
      await Promise.all([old.do('showSignals'), modern.do('showSignals')]);
      await openAndEcho(old, modern, modernId, 'there');
      await openAndEcho(modern, old, oldId, 'back');
      for (const signal of ['OFFER', 'ANSWER', 'CANDIDATE']) {
        await Promise.all([old.event(`got ${signal}`), modern.event(`got ${signal}`)]);
      }
      assertUndisturbed(old, modern);

      const expire = async (tab) => {
        await Promise.all([tab.event('got EXPIRE'), tab.do('connect', 'nobody', 'absent')]);
        assert.ok(tab.all('peer error').some(({ detail }) => /absent/.test(detail.message)));
      };
      await Promise.all([expire(old), expire(modern)]);

      await openAndEcho(leaver, old, oldId, 'left');
      await Promise.all([
        old.event('got LEAVE'),
        old.event('left close'),
        leaver.page.goto('about:blank'),
      ]);
      await Promise.all([
        modern.event('got LEAVE'),
        modern.event('there close'),
        old.page.goto('about:blank'),
      ]);
    });
  }
}
