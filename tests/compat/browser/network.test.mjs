// Servers that restart, networks that break, and pages whose timers stand still.

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { describe } from 'node:test';
import { VERSIONS, exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startNpmPeer, startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();
const GRACE_MS = 1500;
const ALIVE_MS = 1500;
const NEVER_MS = 1e9;
// Chromium keeps the connections of its requests for /id open and unread: a server that waits for
// their end when it stops needs all of its drain_timeout, 5 s.
const IDLE_HTTP_MS = 4000;

/** A way to the server that can break like a network does, without a word in the WebSocket. */
async function openLink(cast, server) {
  const sockets = new Set();
  const adopt = (socket, other) => {
    sockets.add(socket);
    socket.on('error', () => {}); // a reset, which 'close' follows
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const listener = createServer((near) => {
    const far = connect(server.port, server.host);
    adopt(near, far);
    adopt(far, near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  cast.onClose(() => {
    listener.close();
    cut();
  });
  return { host: '127.0.0.1', port: listener.address().port, cut, silence };
}

async function rejoin(...tabs) {
  await Promise.all(tabs.flatMap((tab) => [tab.event('peer open'), tab.do('reconnect')]));
}

function assertNeverClosed(name, ...tabs) {
  for (const tab of tabs) assert.equal(tab.all(`${name} close`).length, 0, `${tab.name}: closed`);
}

describe('a peerjsd that restarts', () => {
  for (const version of VERSIONS) {
    scenario(`peerjs ${version} keeps its channels, reconnects and calls again`, async (cast) => {
      const [first, [one, two]] = await Promise.all([
        cast.server(startPeerjsd()),
        cast.tabs(version, version),
      ]);
      const [oneId, twoId] = await Promise.all([one.join(first), two.join(first)]);
      await openChannel(one, two, twoId, 'chat');

      const begin = performance.now();
      const [end] = await Promise.all([
        first.stop('SIGTERM').then((result) => ({ ...result, ms: performance.now() - begin })),
        one.event('peer disconnected'),
        two.event('peer disconnected'),
      ]);
      cast.note(`stopped after ${end.ms.toFixed(0)} ms`);
      assert.equal(end.code, 0);
      assert.ok(end.ms < IDLE_HTTP_MS, `stopped only after ${end.ms} ms`);
      await exchange(one, two, 'chat');

      await cast.server(startPeerjsd(['--port', String(first.port)]));
      await rejoin(one, two);
      await exchange(one, two, 'chat');
      await openChannel(two, one, oneId, 'again');
      await exchange(one, two, 'again');
      assertNeverClosed('chat', one, two);
    });
  }
});

describe('a page without timers', () => {
  // npm peer hears nothing but HEARTBEAT and drops such a page: it is the clock here. By the time
  // it has dropped its page twice, alive_timeout has passed twice for the pages on peerjsd too.
  // 1.0.0 has no pingInterval; its first heartbeat would come after 20 s.
  scenario("stays online by its browser's pongs alone, whatever its client", async (cast) => {
    const versions = [...VERSIONS, '1.3.2'];
    const options = ['--alive_timeout', String(ALIVE_MS)];
    const [server, reference, [dropped, caller, ...mute]] = await Promise.all([
      cast.server(startPeerjsd([...options, '--ping_interval', '300'])),
      cast.server(startNpmPeer(options)),
      cast.tabs('1.5.5', '1.5.5', ...versions),
    ]);
    const timerless = { pingInterval: NEVER_MS };
    const ids = await Promise.all(mute.map((tab) => tab.join(server, undefined, timerless)));
    for (let lives = 0; lives < 2; lives += 1) {
      await dropped.join(reference, `life-${lives}`, timerless);
      await dropped.event('peer disconnected');
    }
    await caller.join(server);
    for (const [index, tab] of mute.entries()) {
      assert.equal(tab.all('peer disconnected').length, 0, `${tab.name} was dropped`);
      const name = `chat-${index}`;
      await openChannel(caller, tab, ids[index], name);
      await exchange(caller, tab, name);
    }
  });

  scenario('is dropped after alive_timeout if the server sends no pings', async (cast) => {
    const [server, tab] = await Promise.all([
      cast.server(startPeerjsd(['--alive_timeout', String(ALIVE_MS), '--ping_interval', '0'])),
      cast.tab('1.5.5'),
    ]);
    await tab.join(server, undefined, { pingInterval: NEVER_MS });
    const begin = performance.now();
    await tab.event('peer disconnected');
    const took = performance.now() - begin;
    cast.note(`dropped after ${took.toFixed(0)} ms, alive_timeout ${ALIVE_MS} ms`);
  });
});

describe('a network that breaks, on peerjsd', () => {
  // Both ends of the rule at once: the partner's channel to the peer that does not come back is
  // closed when the grace is over, and by then the channel to the one that came back has survived.
  for (const version of VERSIONS) {
    scenario(`peerjs ${version}: only who is not back in leave_grace is lost`, async (cast) => {
      const [server, [back, away, partner]] = await Promise.all([
        cast.server(startPeerjsd(['--leave_grace', String(GRACE_MS)])),
        cast.tabs(version, version, version),
      ]);
      const link = await openLink(cast, server);
      const [backId, , partnerId] = await Promise.all([
        back.join(link),
        away.join(link),
        partner.join(server),
      ]);
      await openChannel(back, partner, partnerId, 'kept');
      await openChannel(away, partner, partnerId, 'lost');

      const begin = performance.now();
      link.cut();
      await Promise.all([back.event('peer disconnected'), away.event('peer disconnected')]);
      await exchange(back, partner, 'kept');
      await rejoin(back);

      await partner.event('lost close');
      const took = performance.now() - begin;
      cast.note(`close after ${took.toFixed(0)} ms, leave_grace ${GRACE_MS} ms`);
      assert.ok(took >= GRACE_MS, `after ${took} ms already`);
      await exchange(back, partner, 'kept');
      await openChannel(partner, back, backId, 'again');
      await exchange(back, partner, 'again');
      assertNeverClosed('kept', back, partner);
    });
  }

  scenario('a peer behind a dead network is dropped after alive_timeout', async (cast) => {
    const options = ['--alive_timeout', String(ALIVE_MS), '--ping_interval', '300'];
    const [server, [swallowed, partner]] = await Promise.all([
      cast.server(startPeerjsd(options)),
      cast.tabs('1.5.5', '1.5.5'),
    ]);
    const link = await openLink(cast, server);
    const [, partnerId] = await Promise.all([swallowed.join(link), partner.join(server)]);
    await openChannel(swallowed, partner, partnerId, 'chat');
    link.silence();
    await partner.event('chat close');
    assert.equal(partner.all('peer disconnected').length, 0);
  });
});
