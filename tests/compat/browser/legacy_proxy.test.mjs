// The clients before 1.0 with nginx between them and peerjsd. Its buffers hold back what a server
// writes, unless that says X-Accel-Buffering: no. npm peer 0.2.10 does not: over a stream through
// nginx no client opens there.

import assert from 'node:assert/strict';
import { LEGACY_VERSIONS, exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { startNginx } from '../support/nginx.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();

async function openBehindNginx(cast) {
  return cast.server(startNginx(await cast.server(startPeerjsd())));
}

for (const version of LEGACY_VERSIONS) {
  for (const [transport, sockets, ...conditions] of [
    ['a WebSocket', 1],
    ['an XHR stream', 0, 'no-websocket'],
  ]) {
    scenario(`peerjs ${version} talks over ${transport} through nginx`, async (cast) => {
      const [nginx, one, two] = await Promise.all([
        openBehindNginx(cast),
        cast.tab(version, ...conditions),
        cast.tab(version, ...conditions),
      ]);
      const [oneId, twoId] = await Promise.all([one.join(nginx), two.join(nginx)]);
      await openChannel(one, two, twoId, 'there');
      await exchange(one, two, 'there');
      await openChannel(two, one, oneId, 'back');
      await exchange(one, two, 'back');
      for (const tab of [one, two]) {
        assert.equal(tab.all('websocket').length, sockets);
        assert.equal(tab.all('peer disconnected').length, 0);
      }
    });
  }
}
