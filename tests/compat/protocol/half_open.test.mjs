// Streams that are dead without either end having been told: a laptop that sleeps, a router that
// has forgotten the connection.

import { describe, test } from 'node:test';
import { noNetworks, startInNetwork } from '../support/network.mjs';

const CLIENT = '127.0.0.2';
const ALIVE_MS = 4000;
const LIMIT_MS = 5 * ALIVE_MS;

async function withStream(args, run) {
  const network = await startInNetwork(['--alive_timeout', String(ALIVE_MS), ...args]);
  try {
    const url = `${network.url}/peerjs/a/token`;
    network.enter('stream', 'curl', '-sN', '--interface', CLIENT, '-X', 'POST', `${url}/id`);
    await network.server.waitForLog(/Client connected: a \(127\.0\.0\.2/);
    await run(network, url);
  } finally {
    await network.stop();
  }
}

/** Gives the server a sign of life of its peer, from another address, for as long as it is one. */
function keepPosting(network, url) {
  const post = `curl -sf -o /dev/null -X POST -d '{"dst":"nobody"}' ${url}/leave`;
  network.enter('posts', 'sh', '-c', `while ${post}; do sleep 0.2; done`);
}

describe('a stream that is dead without a word', { skip: noNetworks(), concurrency: true }, () => {
  test('it ends when nothing is confirmed any more', () =>
    withStream(['--ping_interval', '300'], async (network) => {
      network.cutOff(CLIENT);
      await network.server.waitForLog(/Client disconnected: a \(127\.0\.0\.2, stream/, LIMIT_MS);
    }));

  test('posts of its client do not keep it', () =>
    withStream(['--ping_interval', '300'], async (network, url) => {
      keepPosting(network, url);
      network.cutOff(CLIENT);
      await network.server.waitForLog(/Client disconnected: a \(127\.0\.0\.2, stream/, LIMIT_MS);
    }));

  test('it is found dead even if the server has nothing to write', () =>
    withStream(['--ping_interval', '0'], async (network, url) => {
      keepPosting(network, url);
      network.cutOff(CLIENT);
      await network.server.waitForLog(/Client disconnected: a \(127\.0\.0\.2, stream/, LIMIT_MS);
    }));
});
