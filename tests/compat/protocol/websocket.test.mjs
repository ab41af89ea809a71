// The way in: handshake, query, and the outcomes of an admission.

import assert from 'node:assert/strict';
import { dial } from '../support/dial.mjs';
import { suite } from '../support/suite.mjs';
import { errorText, get, ID_TAKEN, OPEN, refusal, relayed, talk, until } from '../support/wire.mjs';

const INCOMPLETE = errorText('No id, token, or key supplied to websocket server');
const INVALID_KEY = errorText('Invalid key provided');
const FULL = errorText('Server has reached its concurrent user limit');

// The server ends the connection with a Close frame that has no code.
const WITHOUT_CODE = { code: 1005, reason: '' };

async function refused(socket, text) {
  await socket.expect(text);
  assert.deepEqual(await socket.expectClosed(), WITHOUT_CODE);
}

suite('WebSocket', ['--allow_discovery'], ({ both, improvement }) => {
  both('a free id is opened', async ({ socket, name }) => {
    const a = socket({ id: name('a') });
    await a.expect(OPEN);
    await a.fence();
  });

  both('OPEN is a text frame that goes out whole and unmasked', async ({ raw, name }) => {
    const a = raw({ id: name('a') });
    assert.equal(await a.handshake(), 101);
    assert.deepEqual(await a.frame(), { opcode: 1, fin: true, rsv: 0, payload: Buffer.from(OPEN) });
  });

  both('a missing or empty id, token or key is told', async ({ socket }) => {
    for (const query of [
      'token=t&key=peerjs',
      'id=a&key=peerjs',
      'id=a&token=t',
      'id=&token=t&key=peerjs',
      'id=a&token=&key=peerjs',
      'id=a&token=t&key=',
      'id&token=t&key=peerjs',
      '',
    ]) {
      await refused(socket({ id: query, target: `/peerjs?${query}` }), INCOMPLETE);
    }
    await refused(socket({ id: 'no query', target: '/peerjs' }), INCOMPLETE);
  });

  both('a wrong key is told', async ({ socket, name }) => {
    for (const key of ['wrong', 'PEERJS', 'peerjs ']) {
      await refused(socket({ id: name('a'), key }), INVALID_KEY);
    }
  });

  both('something missing is told before a wrong key', async ({ socket }) => {
    await refused(socket({ id: 'x', target: '/peerjs?key=wrong&id=x' }), INCOMPLETE);
  });

  both('a wrong key is told before a taken id', async ({ peer, socket }) => {
    const holder = await peer('a-');
    await refused(socket({ id: holder.id, token: 'other', key: 'wrong' }), INVALID_KEY);
    await holder.fence();
  });

  both('a taken id is told, and its owner notices nothing', async ({ peer, socket }) => {
    const owner = await peer('a-', { token: 'mine' });
    await refused(socket({ id: owner.id, token: 'theirs' }), ID_TAKEN);
    await owner.fence();
    const friend = await peer('b-');
    friend.signal('OFFER', owner.id, 1);
    await owner.expect(relayed('OFFER', friend.id, owner.id, '1'));
  });

  both('an id is free again once its owner has gone', async ({ peer, claim, name }) => {
    const id = name('a');
    const owner = await peer(id, { token: 'mine' });
    await owner.close(1000);
    const next = await claim(id, { token: 'theirs' });
    await next.fence();
  });

  both('ids and tokens that differ in case are different', async ({ peer, socket, name }) => {
    const id = name('CaSe');
    const upper = await peer(id.toUpperCase());
    const lower = await peer(id.toLowerCase());
    await upper.fence();
    await lower.fence();
    await refused(socket({ id: upper.id, token: 'TOKEN' }), ID_TAKEN);
  });

  both('a token is compared whole', async ({ peer, socket }) => {
    const owner = await peer('a-', { token: 'secret' });
    for (const token of ['secre', 'secret2', 'secret ', 'secret\0']) {
      await refused(socket({ id: owner.id, token }), ID_TAKEN);
    }
  });

  both('the query is percent-decoded, and + is a space', async ({ peer, socket, name }) => {
    const id = name('a b+c%');
    const encoded = encodeURIComponent(id);
    assert.ok(encoded.startsWith('a%20b%2Bc%25'));
    const a = socket({
      id,
      target: `/peerjs?key=%70eer%6as&id=${encoded.replace('%20', '+')}&token=t+1`,
    });
    await a.expect(OPEN);
    await a.fence();
    await refused(socket({ id, token: 't-1' }), ID_TAKEN);

    const friend = await peer('b-');
    friend.signal('OFFER', id, null);
    await a.expect(relayed('OFFER', friend.id, id, 'null'));
  });

  both('the token is decoded like the id', async ({ socket, name, server }) => {
    const id = name('a');
    const first = socket({ id, target: `/peerjs?key=peerjs&id=${id}&token=t+1` });
    await first.expect(OPEN);
    const again = socket({ id, token: 't 1' });
    // npm peer does not say OPEN again (see the resume tests), but neither does it refuse.
    await again.upgraded;
    again.signal('CANDIDATE', id, 'here');
    const here = relayed('CANDIDATE', id, id, '"here"');
    await until(async () => (await again.next()) === here, 'a message to the resumed peer');
    assert.deepEqual(
      JSON.parse((await get(server, '/peerjs/peers')).body).filter((x) => x === id),
      [id],
    );
  });

  both('of a repeated name the last counts', async ({ socket, peer, name }) => {
    const id = name('a');
    const target = `/peerjs?id=other&token=x&key=wrong&key=peerjs&id=${id}&token=t`;
    const a = socket({ id, target });
    await a.expect(OPEN);
    await a.fence();
    await refused(socket({ id, token: 'x' }), ID_TAKEN);
    await refused(socket({ id: 'x', target: `${target}&key=wrong` }), INVALID_KEY);
    await refused(socket({ id: 'x', target: `${target}&id=` }), INCOMPLETE);
  });

  both('the order of the query and names of no meaning do not matter', async ({ socket, name }) => {
    const id = name('a');
    const target = `/peerjs?version=1.5.5&&=&x&token=t&id=${id}&ID=b&i=0&key=peerjs&`;
    const a = socket({ id, target });
    await a.expect(OPEN);
    await a.fence();
  });

  both('invalid UTF-8 becomes a replacement character', async ({ socket, name }) => {
    const tail = name('');
    for (const [escaped, text] of [
      ['a%FFb', 'a\ufffdb'],
      ['a%C3(', 'a\ufffd('],
      ['%E2%82', '\ufffd'],
      ['%F0%9F%98%80', '\u{1f600}'],
      ['%ED%A0%80', '\ufffd\ufffd\ufffd'],
    ]) {
      const a = socket({
        id: `${text}${tail}`,
        target: `/peerjs?key=peerjs&token=t&id=${escaped}${tail}`,
      });
      await a.expect(OPEN);
      await a.fence();
    }
  });

  both('a percent sign that escapes nothing stands for itself', async ({ socket, name }) => {
    const tail = name('');
    const a = socket({ id: `50%zz${tail}`, target: `/peerjs?key=peerjs&token=t&id=50%zz${tail}` });
    await a.expect(OPEN);
    await a.fence();
  });

  both('compression is declined', async ({ peer }) => {
    const a = await peer('a-', { perMessageDeflate: true });
    assert.equal(a.ws.extensions, '');
    await a.fence();
  });

  both('no subprotocol is chosen', async ({ peer }) => {
    const a = await peer('a-');
    assert.equal(a.ws.protocol, '');
  });

  both('other paths are refused at the handshake', async ({ server }) => {
    const query = '?key=peerjs&id=a&token=t';
    for (const path of ['/nowhere', '/peerjs/x', '/peerjsx', '/x/peerjs', '/peer']) {
      const status = await refusal(server, `${path}${query}`);
      assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    }
  });

  both('an upgrade of what is there by HTTP is refused', async ({ server }) => {
    for (const path of ['/', '/peerjs/id', '/peerjs/peers']) {
      const status = await refusal(server, `${path}?key=peerjs&id=a&token=t`);
      assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    }
  });

  both('the path is compared byte for byte', async ({ server }) => {
    const query = '?key=peerjs&id=a&token=t';
    for (const path of ['/PEERJS', '/PeerJS', '/%70eerjs', '/peerjs%2f']) {
      const status = await refusal(server, `${path}${query}`);
      assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    }
  });

  improvement(
    'a trailing slash and repeated slashes lead to the same place',
    'PeerObjectiveC asks for /a//peerjs, and every client author once for /peerjs/',
    async ({ peer }) => {
      for (const path of ['/peerjs/', '//peerjs', '//peerjs//', '///peerjs']) {
        const a = await peer('a-', { path });
        await a.fence();
      }
    },
    async ({ server }) => {
      for (const path of ['/peerjs/', '//peerjs']) {
        assert.equal(await refusal(server, `${path}?key=peerjs&id=a&token=t`), 400);
      }
    },
  );

  both('an upgrade that is no WebSocket is refused', async ({ server, peer }) => {
    const head = 'GET /peerjs?key=peerjs&id=a&token=t HTTP/1.1\nHost: x\nConnection: Upgrade\n';
    for (const [rest, why] of [
      ['Upgrade: websocket\nSec-WebSocket-Version: 13\n\n', 'no key'],
      ['Upgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: short\n\n', 'a bad key'],
      ['Upgrade: websocket\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n', 'no version'],
    ]) {
      const answer = await talk(server, `${head}${rest}`);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, why);
    }
    const a = await peer('a-');
    await a.fence();
  });

  both('a frame sent together with the handshake is not lost', async ({ server, name }) => {
    const id = name('a');
    const message = Buffer.from(JSON.stringify({ type: 'OFFER', dst: id, payload: 'early' }));
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), message]);
    const head =
      `GET /peerjs?key=peerjs&id=${id}&token=t HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const socket = dial(server);
    let seen = '';
    socket.setEncoding('latin1').on('data', (chunk) => (seen += chunk));
    socket.write(Buffer.concat([Buffer.from(head), frame]));
    try {
      await until(() => seen.includes(relayed('OFFER', id, id, '"early"')), 'the early message');
      assert.match(seen, /^HTTP\/1\.1 101 .*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/is);
    } finally {
      socket.destroy();
    }
  });
});

suite('WebSocket with --concurrent_limit 2', ['--concurrent_limit', '2'], ({ both }) => {
  both('the third peer is refused, until one goes', async ({ peer, claim, socket, name }) => {
    const a = await peer('a-');
    const b = await peer('b-');
    await refused(socket({ id: name('c') }), FULL);
    await refused(socket({ id: a.id, token: 'other' }), ID_TAKEN);
    await refused(socket({ id: name('c'), key: 'wrong' }), INVALID_KEY);
    await a.fence();
    await b.fence();

    await a.close(1000);
    const c = await claim(name('c'));
    await c.fence();
  });
});
