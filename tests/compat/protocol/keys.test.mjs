// Several keys: each is a realm of its own.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { errorText, get, OPEN, relayed } from '../support/wire.mjs';

const WHY = 'npm peer has one key';

suite('One key', ['--key', 'secret', '--allow_discovery'], ({ both, improvement }) => {
  both('only the key given opens', async ({ peer, socket, name }) => {
    const a = await peer('a-', { key: 'secret' });
    await a.fence();
    const other = socket({ id: name('b'), key: 'peerjs' });
    await other.expect(errorText('Invalid key provided'));
    await other.expectClosed();
  });

  both('HTTP answers under that key', async ({ server }) => {
    assert.equal((await get(server, '/secret/id')).body.length, 36);
    assert.equal((await get(server, '/secret/peers')).status, 200);
  });

  improvement('HTTP refuses the default key then', 'npm peer takes any', async ({ server }) => {
    assert.equal((await get(server, '/peerjs/id')).status, 401);
  });
});

suite(
  'Several keys',
  ['--key', 'red', '--key', 'blue', '--allow_discovery', '--expire_timeout', '200'],
  ({ improvement }) => {
    improvement('the same id may be taken once under each', WHY, async ({ peer, socket, name }) => {
      const id = name('same');
      const red = await peer(id, { key: 'red', token: 'r' });
      const blue = await peer(id, { key: 'blue', token: 'b' });
      const other = socket({ id, key: 'blue', token: 'r' });
      await other.expectJson({ type: 'ID-TAKEN', payload: { msg: 'ID is taken' } });
      await red.fence();
      await blue.fence();
    });

    improvement('messages do not cross', WHY, async ({ peer, name }) => {
      const id = name('same');
      const red = await peer(id, { key: 'red' });
      const caller = await peer('b-', { key: 'blue' });
      caller.signal('OFFER', id, 1);
      await caller.expectJson({ type: 'EXPIRE', src: id, dst: caller.id });
      await red.fence();

      const blue = await peer(id, { key: 'blue' });
      caller.signal('OFFER', id, 2);
      await blue.expect(relayed('OFFER', caller.id, id, '2'));
      await red.fence();
    });

    improvement('what waits under one key is not delivered under another', WHY, async (scope) => {
      const { start, peer, socket } = scope;
      const server = await start(['--key', 'red', '--key', 'blue', '--expire_timeout', '60000']);
      const caller = await peer('caller', { server, key: 'blue' });
      caller.signal('OFFER', 'late', 1);
      await caller.fence();
      const red = await peer('late', { server, key: 'red' });
      await red.fence();
      const blue = socket({ server, id: 'late', key: 'blue' });
      await blue.expect(OPEN, relayed('OFFER', 'caller', 'late', '1'));
    });

    improvement('nor does LEAVE cross', WHY, async ({ peer, name }) => {
      const id = name('same');
      const red = await peer(id, { key: 'red' });
      const blue = await peer(id, { key: 'blue' });
      const redFriend = await peer('friend-', { key: 'red' });
      const blueFriend = await peer(redFriend.id, { key: 'blue' });
      red.signal('OFFER', redFriend.id, 1);
      blue.signal('OFFER', blueFriend.id, 1);
      await redFriend.expect(relayed('OFFER', id, redFriend.id, '1'));
      await blueFriend.expect(relayed('OFFER', id, blueFriend.id, '1'));
      await red.close(1001);
      await redFriend.expect(relayed('LEAVE', id, redFriend.id));
      await blueFriend.fence();
      await blue.fence();
    });

    improvement('discovery lists the peers of its key', WHY, async ({ start, peer }) => {
      const server = await start(['--key', 'red', '--key', 'blue', '--allow_discovery']);
      await peer('r', { server, key: 'red' });
      await peer('b', { server, key: 'blue' });
      assert.deepEqual(JSON.parse((await get(server, '/red/peers')).body), ['r']);
      assert.deepEqual(JSON.parse((await get(server, '/blue/peers')).body), ['b']);
      for (const key of ['peerjs', 'RED', 'red,blue']) {
        assert.equal((await get(server, `/${key}/peers`)).status, 401, key);
      }
    });

    improvement('limits are counted under each key', WHY, async ({ start, peer, socket }) => {
      const server = await start(['--key', 'red', '--key', 'blue', '--concurrent_limit', '1']);
      await peer('a', { server, key: 'red' });
      await peer('a', { server, key: 'blue' });
      for (const key of ['red', 'blue']) {
        const other = socket({ server, id: 'b', key });
        await other.expect(errorText('Server has reached its concurrent user limit'));
      }
    });

    improvement('another key is wrong', WHY, async ({ socket, name }) => {
      for (const key of ['peerjs', 'red,blue', 'green']) {
        await socket({ id: name('a'), key }).expect(errorText('Invalid key provided'));
      }
    });
  },
  { kinds: ['peerjsd'] },
);
