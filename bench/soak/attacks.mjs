// What careless and hostile clients do. A round of an attack ends when the server has answered as
// it must, and throws if it does not.

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../../tests/compat/support/stream.mjs';
import { ID_TAKEN, partners, relayed, talk } from '../../tests/compat/support/wire.mjs';
import { expectUnharmed, uniqueName } from './scope.mjs';

const MiB = 1024 * 1024;
const FILL = 'x'.repeat(MiB / 4);
const PATIENCE_MS = 60_000; // with who floods, and may be slowed
const LATE_MS = 6_000; // beyond its time, on a busy machine
const REFUSED = /^HTTP\/1\.1 4\d\d /;

const POST = 'POST /peerjs/a/t/offer HTTP/1.1\nHost: x\n';
const HEAD = 'GET /peerjs?key=peerjs&id=half&token=t HTTP/1.1\nHost: x\nConnection: Upgrade\n';
const MALFORMED = [
  'GET / HTTP/1.1\n\n',
  'GET / HTTP/9.9\nHost: x\n\n',
  'GET /\x00 HTTP/1.1\nHost: x\n\n',
  'GET  /  HTTP/1.1\nHost: x\n\n',
  'GET / HTTP/1.1\nHost: x\nno colon\n\n',
  `GET / HTTP/1.1\nHost: x\nlong: ${'x'.repeat(20_000)}\n\n`,
  `${'A'.repeat(5_000)}\n\n`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n',
  `${POST}Content-Length: -1\n\n`,
  `${POST}Content-Length: 99999999999999999999\n\n`,
  `${POST}Content-Length: 209715200\n\n`,
  `${POST}Content-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n`,
  `${POST}Transfer-Encoding: chunked\n\nZZ\n`,
  `${HEAD}Upgrade: websocket\nSec-WebSocket-Version: 13\n\n`,
  `${HEAD}Upgrade: websocket\nSec-WebSocket-Version: 7\nSec-WebSocket-Key: x\n\n`,
];

const BAD_FRAMES = [
  [1002, (peer) => peer.send('{"type":"HEARTBEAT"}', { masked: false })],
  [1002, (peer) => peer.send('', { opcode: 3 })],
  [1002, (peer) => peer.send('{}', { rsv: 4 })],
  [1002, (peer) => peer.send('{}', { opcode: 0 })],
  [1002, (peer) => peer.send('', { opcode: 9, fin: false })],
  [1002, (peer) => peer.send('x'.repeat(126), { opcode: 9 })],
  [1002, (peer) => peer.send('x', { opcode: 8 })],
  [1007, (peer) => peer.send(Buffer.from([0x22, 0xff, 0x22]))],
  [1009, (peer) => peer.send('x', { claims: 200 * MiB })],
  [1009, (peer) => peer.send(Buffer.alloc(3 * MiB))],
];

const NONSENSE = [
  'no JSON',
  '[]',
  '{"type":"OPEN"}',
  '{"type":"EXPIRE","dst":"x"}',
  '{"type":"OFFER"}',
  '{"type":"OFFER","dst":{},"payload":',
  `{"type":"OFFER","dst":"x","payload":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  randomBytes(100),
];

/** Whoever dies, its partner is told. */
const expectLeave = async (peer, gone, ms) =>
  assert.equal(await peer.next(ms), relayed('LEAVE', gone.id, peer.id));

const dying = (die) => async (scope) => {
  const friend = await scope.peer('friend');
  const mortal = await scope.mute('mortal');
  await partners(friend, mortal);
  die(mortal);
  await expectLeave(friend, mortal, LATE_MS);
};

const dyingByReset = dying((peer) => peer.reset());
const dyingByEnd = dying((peer) => peer.lose());

async function fallingSilent(scope, { alive_timeout: silence }) {
  const friend = await scope.peer('friend');
  const silent = await scope.mute('silent');
  await partners(friend, silent);
  silent.socket.pause();
  await expectLeave(friend, silent, silence + LATE_MS);
}

async function cutOff(scope, { alive_timeout: silence }, network) {
  const address = network.freshAddress();
  const friend = await scope.peer('friend');
  const silent = await scope.mute('silent', address);
  await partners(friend, silent);
  await network.cutOff(address);
  try {
    await expectLeave(friend, silent, silence + LATE_MS);
  } finally {
    await network.putBack(address);
  }
}

async function unread(scope) {
  const slow = await scope.mute('slow');
  slow.socket.pause();
  const beating = setInterval(() => slow.send('{"type":"HEARTBEAT"}'), 1_000);
  const sender = await scope.peer('flood');
  let told = false;
  const telling = expectLeave(sender, slow, PATIENCE_MS).finally(() => (told = true));
  telling.catch(() => {}); // it is awaited later
  while (!told) {
    sender.signal('CANDIDATE', slow.id, FILL);
    do await sleep(1);
    while (!told && sender.ws.bufferedAmount > MiB);
  }
  clearInterval(beating);
  await telling;
  slow.socket.resume();
  assert.equal(await slow.ending(), 1013);
  const expired = relayed('EXPIRE', slow.id, sender.id);
  await expectUnharmed(sender, PATIENCE_MS, (text) => text === expired);
}

/** What is taken of a flood comes, all of it, until its sender is closed. */
async function flood(scope) {
  const friend = await scope.peer('friend');
  const sender = await scope.mute('flooding');
  await partners(friend, sender);
  const ending = sender.ending();
  for (let n = 0; !sender.socket.destroyed; n += 1) {
    sender.send(JSON.stringify({ type: 'CANDIDATE', dst: friend.id, payload: n }));
    if (sender.socket.writableNeedDrain) {
      await Promise.race([once(sender.socket, 'drain'), ending]);
    }
  }
  assert.equal(await ending, 1008);
  const leave = relayed('LEAVE', sender.id, friend.id);
  for (let n = 0, text = await friend.next(); text !== leave; n += 1, text = await friend.next()) {
    assert.equal(text, relayed('CANDIDATE', sender.id, friend.id, String(n)));
  }
  await expectUnharmed(friend, LATE_MS);
}

async function slowHead(scope, { request_timeout: limit }) {
  const { socket, ended } = scope.connection();
  const end = ended(limit + LATE_MS);
  end.catch(() => {}); // it is awaited later
  for (const byte of `GET /${'x'.repeat(1_000)}`) {
    if (socket.destroyed) break;
    socket.write(byte);
    await sleep(50);
  }
  assert.match(await end, REFUSED);
}

async function silence(scope, { request_timeout: limit }) {
  const all = Array.from({ length: 20 }, () => scope.connection().ended(limit + LATE_MS));
  assert.ok((await Promise.all(all)).every((text) => text === ''));
}

async function streams(scope) {
  const friend = await scope.peer('friend');
  const stream = await scope.stream('stream');
  await partners(friend, stream);
  await stream.fence();
  await scope.stream('stream', { id: stream.id });
  await stream.expectEnded();
}

async function frames(scope) {
  const [code, send] = BAD_FRAMES[randomInt(BAD_FRAMES.length)];
  const peer = await scope.mute('framing');
  send(peer);
  assert.equal(await peer.ending(), code);
}

async function randomFrames(scope) {
  const peer = await scope.mute('random');
  peer.socket.write(randomBytes(randomInt(1, 4_000)));
  await sleep(20);
  await expectUnharmed(await scope.peer('friend'), LATE_MS);
}

async function nonsense(scope) {
  const peer = await scope.peer('nonsense');
  for (const text of NONSENSE) peer.ws.send(text);
  await expectUnharmed(peer, LATE_MS);
}

async function nobody(scope, { expire_timeout: limit }) {
  const id = uniqueName('nobody');
  const { status } = await post(scope.server, { id, verb: 'offer' }, { dst: id });
  assert.equal(status, 401);
  const caller = await scope.peer('caller');
  caller.signal('OFFER', id, 1);
  assert.equal(await caller.next(limit + LATE_MS), relayed('EXPIRE', id, caller.id));
}

/** For the id of one of the well-behaved. */
async function wrongToken(scope, _timing, _network, victim) {
  const id = victim();
  await scope.socket({ id, token: 'wrong' }).expect(ID_TAKEN);
  const { status } = await post(scope.server, { id, token: 'wrong', verb: 'leave' }, {});
  assert.equal(status, 401);
}

async function crowd(scope) {
  const all = await Promise.all(Array.from({ length: 50 }, () => scope.peer('crowd')));
  for (const [i, peer] of all.entries()) peer.signal('OFFER', all[(i + 1) % all.length].id, i);
  for (const [i, peer] of all.entries()) {
    const before = (i + all.length - 1) % all.length;
    const offer = relayed('OFFER', all[before].id, peer.id, String(before));
    assert.equal(await peer.next(LATE_MS), offer);
  }
}

const randomText = async (scope) => {
  const { socket, ended } = scope.connection();
  socket.end(randomBytes(randomInt(1, 4_000)));
  // No more than the beginning of a request, perhaps.
  assert.match(await ended(LATE_MS), /^$|^HTTP\/1\.1 4\d\d /);
};

const malformed = async ({ server }) =>
  assert.match(await talk(server, MALFORMED[randomInt(MALFORMED.length)]), REFUSED);

/** `width`: how many rounds side by side; `pause`: milliseconds between two of one. */
export const ATTACKS = [
  { title: 'peers that die: RST', round: dyingByReset, width: 4, pause: 20 },
  { title: 'peers that die: FIN, no Close', round: dyingByEnd, width: 4, pause: 20 },
  { title: 'peers that fall silent', round: fallingSilent, width: 40, pause: 20 },
  { title: 'peers whose network is cut', round: cutOff, width: 20, pause: 20, needsNetwork: true },
  { title: 'receivers that do not read', round: unread, width: 4, pause: 100 },
  { title: 'floods of messages', round: flood, width: 2, pause: 100 },
  { title: 'crowds of 50 that come and die', round: crowd, width: 1, pause: 500 },
  { title: 'random bytes', round: randomText, width: 2, pause: 20 },
  { title: 'malformed requests', round: malformed, width: 2, pause: 20 },
  { title: 'bad frames, large messages', round: frames, width: 2, pause: 20 },
  { title: 'random frames', round: randomFrames, width: 2, pause: 20 },
  { title: 'messages of nonsense', round: nonsense, width: 1, pause: 50 },
  { title: 'a request byte by byte', round: slowHead, width: 50, pause: 20 },
  { title: '20 connections that say nothing', round: silence, width: 25, pause: 20 },
  { title: 'XHR streams', round: streams, width: 4, pause: 20 },
  { title: 'unknown ids', round: nobody, width: 20, pause: 20 },
  { title: 'wrong tokens', round: wrongToken, width: 2, pause: 20 },
];
