// Credentials of the server, at a real TURN server.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { allocate, startCoturn } from '../support/turn.mjs';
import { get, until } from '../support/wire.mjs';

const SECRET = 'of the relay';

suite('A TURN server', [], ({ both: test }) => {
  const run = async ({ adopt, start }, ttl) => {
    const coturn = await startCoturn(SECRET);
    adopt({ stop: () => coturn.stop('SIGKILL').finally(coturn.remove) });
    const urls = `turn:127.0.0.1:${coturn.port}`;
    const args = ['--turn_secret', SECRET, '--turn_urls', urls, '--turn_ttl', ttl];
    const server = await start(args);
    const credentials = async (id) =>
      JSON.parse((await get(server, `/peerjs/ice?id=${id}`)).body).iceServers[0];
    return { credentials, ask: (given) => allocate(coturn.port, given) };
  };

  test('takes credentials as long as they hold, and no longer', async (scope) => {
    const { credentials, ask } = await run(scope, '3s');
    const given = await credentials('ann');
    assert.equal(await ask(given), 0);
    await until(async () => (await ask(given)) === 401, 'the credentials to run out');
    assert.equal(await ask(await credentials('ann')), 0, 'others are good');
  });

  test('takes those of whoever may connect, whatever the id is', async (scope) => {
    const { credentials, ask } = await run(scope, '60s');
    const ids = [1, 497, 498, 1024].map((length) => 'x'.repeat(length));
    ids.push('ann smith', "O'Hara", '"ann"', 'a\\b', 'union select', 'UNION_SELECT', 'Jürgen', 'a:b|@.-_%');
    for (const id of ids) {
      assert.equal(await ask(await credentials(encodeURIComponent(id))), 0, id);
    }
    assert.equal(await ask({ ...(await credentials('ann')), credential: 'wrong' }), 401);
  });
}, { kinds: ['peerjsd'] });
