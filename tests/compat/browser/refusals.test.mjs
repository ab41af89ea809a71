// Discovery across origins, and what an application sees of a wrong key or path.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { VERSIONS, useBrowser } from '../support/browser.mjs';
import { startNpmPeer, startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();

async function refusal(tab, server, id, options) {
  await tab.start(server, id, options);
  const error = await tab.event('peer error');
  assert.equal(tab.all('peer open').length, 0);
  return error;
}

for (const [serverName, startServer] of [
  ['peerjsd', startPeerjsd],
  ['npm peer', startNpmPeer],
]) {
  for (const version of VERSIONS) {
    describe(`peerjs ${version} on ${serverName}`, () => {
      scenario('lists the peers of all origins where discovery is on', async (cast) => {
        const [server, [one, two]] = await Promise.all([
          cast.server(startServer(['--allow_discovery'])),
          cast.tabs(version, version),
        ]);
        await Promise.all([one.join(server, 'one'), two.join(server, 'two')]);
        for (const tab of [one, two]) {
          const [ids] = await Promise.all([tab.event('peers'), tab.do('listAllPeers')]);
          assert.deepEqual(ids.sort(), ['one', 'two']);
        }
      });

      scenario('is told why it may not list the peers where discovery is off', async (cast) => {
        const [server, tab] = await Promise.all([cast.server(startServer()), cast.tab(version)]);
        await tab.join(server);
        const [error] = await Promise.all([tab.event('peer error'), tab.do('listAllPeers')]);
        assert.equal(error.type, 'server-error');
        // 1.5.5 has the explanation on the console only.
        assert.match(error.message || tab.lines.join('\n'), /allow_discovery/);
        assert.equal(tab.all('peers').length, 0);
      });

      // Without an id of its own the client asks for one over HTTP first. peerjsd refuses the key
      // there already, and the client only says that it got no id; npm peer gives one to any key.
      scenario('gets server-error for a wrong key and opens with the right one', async (cast) => {
        const [server, [one, two, three]] = await Promise.all([
          cast.server(startServer(['--key', 'right'])),
          cast.tabs(version, version, version),
        ]);
        const [withId, without] = await Promise.all([
          refusal(one, server, 'one', { key: 'wrong' }),
          refusal(two, server, undefined, { key: 'wrong' }),
          three.join(server, undefined, { key: 'right' }),
        ]);
        cast.note(JSON.stringify({ withId, without }));
        assert.deepEqual(withId, { type: 'server-error', message: 'Invalid key provided' });
        assert.equal(without.type, 'server-error');
      });

      scenario('gets an error for a wrong path and opens on the right one', async (cast) => {
        const [server, [one, two, three]] = await Promise.all([
          cast.server(startServer(['--path', '/right'])),
          cast.tabs(version, version, version),
        ]);
        const [withId, without] = await Promise.all([
          refusal(one, server, 'one', { path: '/wrong' }),
          refusal(two, server, undefined, { path: '/wrong' }),
          three.join(server, undefined, { path: '/right' }),
        ]);
        cast.note(JSON.stringify({ withId, without }));
        assert.equal(withId.type, 'network');
        assert.equal(without.type, 'server-error');
      });
    });
  }
}

scenario('--compat_http_key lets a client without id hear about its key too', async (cast) => {
  const [server, tab] = await Promise.all([
    cast.server(startPeerjsd(['--key', 'right', '--compat_http_key'])),
    cast.tab('1.5.5'),
  ]);
  const error = await refusal(tab, server, undefined, { key: 'wrong' });
  assert.deepEqual(error, { type: 'server-error', message: 'Invalid key provided' });
});
