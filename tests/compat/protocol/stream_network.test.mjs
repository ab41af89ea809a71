// Renewing a stream over a network that holds everything back for a while: what arrives together at
// its end makes one event, so that of it a PeerJS 0.3.x client reads one line.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noNetworks, startInNetwork } from '../support/network.mjs';

const [SLOW, FAST] = ['127.0.0.2', '127.0.0.3'];
const HEAD = /< HTTP\/1\.1 200 OK/;

/** A page's stream to that address, with one line; `renew` asks for another from elsewhere. */
async function stream(network, address) {
  const id = `peer-${address}`;
  const url = `${network.url}/peerjs/${id}/token/id`;
  const post = ['curl', '-sNv', '-X', 'POST', '-H', 'Origin: http://page'];
  const first = network.enter(`stream of ${id}`, ...post, '--interface', address, url);
  await first.waitForLog(/"OPEN"/);
  return { renew: () => network.enter(`renewal of ${id}`, ...post, `${url}?i=1`) };
}

describe('a stream whose network pauses', { skip: noNetworks(), concurrency: true }, () => {
  test('is not given up before what its reader needs has been confirmed', async () => {
    const network = await startInNetwork(['--stream_pacing', '200']);
    try {
      const [slow, fast] = [await stream(network, SLOW), await stream(network, FAST)];
      network.cutOff(SLOW);
      const waiting = slow.renew();
      await fast.renew().waitForLog(HEAD);
      assert.doesNotMatch(waiting.log(), HEAD);
      network.putBack(SLOW);
      await waiting.waitForLog(HEAD);
    } finally {
      await network.stop();
    }
  });

  test('is given up in the end', async () => {
    const network = await startInNetwork([]);
    try {
      const slow = await stream(network, SLOW);
      network.cutOff(SLOW);
      await slow.renew().waitForLog(HEAD, 25_000);
    } finally {
      await network.stop();
    }
  });
});
