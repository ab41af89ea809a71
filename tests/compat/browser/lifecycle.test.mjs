// What the partner of a client notices when that client goes, by design or not.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { VERSIONS, exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startNpmPeer, startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();
const GRACE_MS = 1000;

/** Resolves when the server no longer lists the id; it must run with --allow_discovery. */
async function untilGone(server, id) {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const answer = await fetch(`http://${server.host}:${server.port}/peerjs/peers`);
    if (!(await answer.json()).includes(id)) return;
  }
  throw new Error(`the server still lists ${id}`);
}

function assertNeverClosed(name, ...tabs) {
  for (const tab of tabs) assert.equal(tab.all(`${name} close`).length, 0, `${tab.name}: closed`);
}

async function callUntilPlaying(from, to, toId) {
  await Promise.all([to.event('call stream'), from.do('call', 'call', toId)]);
  await to.do('playing', 'call');
}

// A LEAVE would reach the partner on the socket that later brings the answer to its new call, so
// once that call stands, a LEAVE for the disconnect has come or never will.
for (const [serverName, startServer, versions] of [
  ['peerjsd', startPeerjsd, [...VERSIONS, '1.3.2']],
  ['npm peer', startNpmPeer, ['1.5.5']],
]) {
  describe(`disconnect() and reconnect() on ${serverName}`, () => {
    for (const version of versions) {
      scenario(`peerjs ${version} keeps its channels and can be called again`, async (cast) => {
        const [server, [one, two]] = await Promise.all([
          cast.server(startServer(['--allow_discovery'])),
          cast.tabs(version, version),
        ]);
        const [oneId] = await Promise.all([one.join(server), two.join(server)]);
        await openChannel(two, one, oneId, 'chat');
        await exchange(one, two, 'chat');

        await one.do('disconnect');
        await one.event('peer disconnected');
        await untilGone(server, oneId);
        await exchange(one, two, 'chat');

        const [reopened] = await Promise.all([one.event('peer open'), one.do('reconnect')]);
        assert.equal(reopened, oneId);
        await exchange(one, two, 'chat');
        await openChannel(two, one, oneId, 'again');
        await exchange(one, two, 'again');
        await exchange(one, two, 'chat');
        assertNeverClosed('chat', one, two);
      });
    }
  });
}

// npm peer tells nobody: there the partner's connection stays "open" for minutes.
describe('a page that goes away, on peerjsd', () => {
  // Before a page that is only lost would have left, and before Chromium finds out by itself that
  // nobody answers any more; how long it takes is told.
  const AT_ONCE_MS = 4000;
  const startPatientServer = () => startPeerjsd(['--leave_grace', '30000']);
  const startServer = () => startPeerjsd(['--leave_grace', String(GRACE_MS)]);

  /** `event` comes to `tab` because of what `act` does. */
  async function comesAtOnce(cast, tab, event, act) {
    const begin = performance.now();
    await Promise.all([tab.event(event, AT_ONCE_MS), act()]);
    cast.note(`${event} after ${(performance.now() - begin).toFixed(0)} ms`);
  }

  for (const version of VERSIONS) {
    scenario(`peerjs ${version}: a closed tab ends the partner's channel at once`, async (cast) => {
      const [server, [one, two]] = await Promise.all([
        cast.server(startPatientServer()),
        cast.tabs(version, version),
      ]);
      const [, twoId] = await Promise.all([one.join(server), two.join(server)]);
      await openChannel(one, two, twoId, 'chat');
      await comesAtOnce(cast, two, 'chat close', () => one.page.close());
      assert.equal(await two.do('isOpen', 'chat'), false);
      assert.equal(two.all('peer disconnected').length, 0);
    });
  }

  scenario('closing the tab ends a media call at once', async (cast) => {
    const [server, [one, two]] = await Promise.all([
      cast.server(startPatientServer()),
      cast.tabs('1.5.5', '1.5.5'),
    ]);
    const [, twoId] = await Promise.all([one.join(server), two.join(server)]);
    await callUntilPlaying(one, two, twoId);
    await comesAtOnce(cast, two, 'call close', () => one.page.close());
  });

  // A reload ends data channels over P2P too, whatever the server does. A media call of 1.0.0 has
  // none, so that its end shows the server's part.
  scenario('a reload ends a media call at once and the page gets its id back', async (cast) => {
    const [server, [one, two]] = await Promise.all([
      cast.server(startPatientServer()),
      cast.tabs('1.0.0', '1.0.0'),
    ]);
    const [, twoId] = await Promise.all([one.join(server, 'one'), two.join(server)]);
    await callUntilPlaying(one, two, twoId);
    await comesAtOnce(cast, two, 'call close', () => one.page.reload());
    assert.equal(await one.join(server, 'one'), 'one');
    await openChannel(two, one, 'one', 'again');
    await exchange(one, two, 'again');
  });

  // Of the two ways to die, the first leaves Chromium's network process alive long enough to say
  // 1001 on every WebSocket; the second leaves the kernel to end the connection without a Close.
  for (const [what, target, atLeast] of [
    ['the main process is killed', (pid) => pid, 0],
    ['all processes are killed at once', (pid) => -pid, GRACE_MS],
  ]) {
    scenario(`a browser of which ${what} closes the partner's channel`, async (cast) => {
      const [server, two, doomed] = await Promise.all([
        cast.server(startServer()),
        cast.tab('1.5.5'),
        cast.browser(),
      ]);
      const one = await doomed.tab('1.5.5');
      const [, twoId] = await Promise.all([one.join(server), two.join(server)]);
      await openChannel(one, two, twoId, 'chat');
      const begin = performance.now();
      process.kill(target(doomed.pid), 'SIGKILL');
      await two.event('chat close');
      const took = performance.now() - begin;
      cast.note(`close after ${took.toFixed(0)} ms, leave_grace ${GRACE_MS} ms`);
      assert.ok(took >= atLeast, `after ${took} ms already`);
    });
  }
});
