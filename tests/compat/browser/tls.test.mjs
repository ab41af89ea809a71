// Pages that reach the server by wss and https.

import { exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { commonCertificate } from '../support/dial.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();

async function startWithTls() {
  const secure = commonCertificate();
  const server = await startPeerjsd(['--sslcert', secure.cert, '--sslkey', secure.key]);
  return Object.assign(server, { secure });
}

for (const [version, how, ...conditions] of [
  ['1.5.5', 'a WebSocket'],
  ['2.0.0-beta.3', 'a WebSocket'],
  ['0.3.24', 'a WebSocket'],
  ['0.3.24', 'an XHR stream', 'no-websocket'],
]) {
  scenario(`peerjs ${version} talks over TLS on ${how}`, async (cast) => {
    const [server, one, two] = await Promise.all([
      cast.server(startWithTls()),
      cast.tab(version, ...conditions),
      cast.tab(version, ...conditions),
    ]);
    const [oneId, twoId] = await Promise.all([one.join(server), two.join(server)]);
    await openChannel(one, two, twoId, 'there');
    await exchange(one, two, 'there');
    await openChannel(two, one, oneId, 'back');
    await exchange(one, two, 'back');
  });
}
