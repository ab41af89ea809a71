// Frames as no client makes them: broken, forbidden, or merely odd. What breaks RFC 6455 ends the
// connection by the code it names, and nothing after it is heard; what it allows is taken.
//
// All is sent twice: in one segment with the request for the upgrade, and byte by byte.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { errorText, OPEN, relayed, socketTarget } from '../support/wire.mjs';
import {
  bytesOf,
  cut,
  exchange,
  frame,
  parseAnswers,
  parseFrames,
  summary,
  unnoticed,
} from '../support/raw.mjs';

const CONTINUATION = 0;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const UPGRADE =
  'Host: x\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n';

const ID = 'me';
const offer = (payload, dst = ID) => JSON.stringify({ type: 'OFFER', dst, payload });
const offered = (payload) => relayed('OFFER', ID, ID, JSON.stringify(payload));

const ping = (payload, options) => frame(payload, { ...options, opcode: PING });
const pong = (payload, options) => frame(payload, { ...options, opcode: PONG });
const binary = (payload, options) => frame(payload, { ...options, opcode: BINARY });
const start = (payload, options) => frame(payload, { ...options, fin: false });
const last = (payload, options) => frame(payload, { ...options, opcode: CONTINUATION });
const middle = (payload) => last(payload, { fin: false });

/** A Close frame; of no code if that is undefined. */
function close(code, reason = '') {
  const head = Buffer.alloc(code === undefined ? 0 : 2);
  if (code !== undefined) head.writeUInt16BE(code);
  return frame(Buffer.concat([head, Buffer.from(reason)]), { opcode: CLOSE });
}

/** A message in one fragment for each part. */
function fragments(parts, options) {
  const frames = parts.map((part, i) => (i === 0 ? start(part, options) : middle(part)));
  frames[frames.length - 1] = last(parts.at(-1));
  return frames;
}

/** A message in one fragment for each byte. */
const bytewise = (message, options) =>
  fragments(
    [...Buffer.from(message)].map((byte) => [byte]),
    options,
  );

/** Sends the frames after an upgrade, and compares what the server says until it closes. */
async function converse(scope, frames, expected, { headers = '', ...who } = {}) {
  const target = socketTarget({ id: ID, ...who });
  const request = bytesOf(`GET ${target} HTTP/1.1\n${UPGRADE}${headers}\n`);
  const bytes = Buffer.concat([request, ...frames]);
  for (const pieces of [1, 500]) {
    const { answers, rest } = parseAnswers(await exchange(scope.server, cut(bytes, pieces)));
    assert.equal(summary(answers), '101');
    assert.deepEqual(parseFrames(rest), expected, `in ${pieces} pieces`);
  }
}

/** Declares tests of frames that end the connection: [what, code of the answer, ...frames]. */
function end(test, rows) {
  for (const [what, code, ...frames] of rows) {
    test(`${what} is answered by ${code}, and what follows is not heard`, (scope) =>
      unnoticed(scope, async (bystander) => {
        const more = [frame(offer('late', bystander.id)), ping('late')];
        await converse(scope, [...frames, ...more], [OPEN, `close ${code}`]);
      }));
  }
}

/** Declares tests of frames that the RFC allows: [what, all that is said to them, ...frames]. */
function take(test, rows) {
  for (const [what, expected, ...frames] of rows) {
    test(`${what} is taken, and what follows is heard`, (scope) =>
      unnoticed(scope, () =>
        converse(
          scope,
          [...frames, frame(offer('after')), close(1000)],
          [OPEN, ...expected, offered('after'), 'close 1000'],
        ),
      ));
  }
}

const only = { kinds: ['peerjsd'] };

suite(
  'WebSocket hygiene: frames',
  ['--max_message_bytes', '1MiB'],
  ({ both: test }) => {
    const long = 'x'.repeat(126);
    const huge = 'x'.repeat(65_536);
    const most = 'x'.repeat(600_000);
    const claiming = (claims) => ({ bits: 64, claims });
    const masked = false;

    // RFC 6455 5.2
    for (const [name, rsv] of [
      ['RSV1', 4],
      ['RSV2', 2],
      ['RSV3', 1],
      ['all reserved bits', 7],
    ]) {
      end(test, [
        [`text with ${name}`, 1002, frame(offer('early'), { rsv })],
        [`a binary message with ${name}`, 1002, binary('{}', { rsv })],
        [`a ping with ${name}`, 1002, ping('', { rsv })],
        [`a pong with ${name}`, 1002, pong('', { rsv })],
        [`a Close with ${name}`, 1002, frame('', { opcode: CLOSE, rsv })],
        [`a fragment with ${name}`, 1002, start('{}', { rsv })],
        [`a continuation with ${name}`, 1002, start('{'), last('}', { rsv })],
      ]);
    }
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
      end(test, [
        [`opcode ${opcode}`, 1002, frame('', { opcode })],
        [`opcode ${opcode} with a payload`, 1002, frame(offer('early'), { opcode })],
        [`opcode ${opcode} in a fragmented message`, 1002, start('{'), frame('', { opcode })],
      ]);
    }

    // RFC 6455 5.1
    end(test, [
      ['text without a mask', 1002, frame(offer('early'), { masked })],
      ['empty text without a mask', 1002, frame('', { masked })],
      ['a binary message without a mask', 1002, binary('{}', { masked })],
      ['a continuation without a mask', 1002, start('{'), last('}', { masked })],
      ['a ping without a mask', 1002, ping('', { masked })],
      ['a pong without a mask', 1002, pong('', { masked })],
      ['a Close without a mask', 1002, frame('', { opcode: CLOSE, masked })],
    ]);

    // RFC 6455 5.5
    for (const [name, opcode] of [
      ['ping', PING],
      ['pong', PONG],
      ['Close', CLOSE],
    ]) {
      end(test, [
        [`a ${name} of 126 bytes`, 1002, frame(long, { opcode })],
        [`a ${name} of 64 KB`, 1002, frame(huge, { opcode })],
        [`a ${name} of 2^62 bytes`, 1002, frame('', { opcode, ...claiming(2n ** 62n) })],
        [`a ${name} with its length in 16 bits`, 1002, frame('', { opcode, bits: 16 })],
        [`a ${name} with its length in 64 bits`, 1002, frame('', { opcode, bits: 64 })],
        [`a ${name} that goes on`, 1002, frame('', { opcode, fin: false })],
      ]);
    }

    // RFC 6455 5.4
    end(test, [
      ['a continuation of nothing', 1002, last(offer('early'))],
      ['a continuation of nothing that goes on', 1002, middle('{}')],
      ['a continuation of a whole message', 1002, frame('{}'), last('{}')],
      ['a continuation of the last fragment', 1002, ...fragments(['{', '}']), last('{}')],
      ['a continuation of an empty message', 1002, frame(''), middle('')],
      ['text in a fragmented message', 1002, start('{'), frame(offer('early'))],
      ['text in a fragmented binary message', 1002, start('{', { opcode: BINARY }), frame('{}')],
      ['a binary message in a fragmented one', 1002, start('{'), binary('{}')],
      ['a fragment that begins anew', 1002, start('{'), start('{')],
      ['a fragment that begins anew after others', 1002, start('{'), middle(' '), start('{')],
      ['a fragment that begins anew after nothing', 1002, start(''), start('')],
      ['a fragment that begins anew after a pong', 1002, start('{'), pong(''), start('{')],
    ]);

    // RFC 6455 5.2: the most significant bit MUST be 0; the minimal number of bytes MUST be used
    end(test, [
      ['a length of 2^63', 1002, frame('', claiming(2n ** 63n))],
      ['a length of 2^63 + 2', 1002, frame('{}', claiming(2n ** 63n + 2n))],
      ['a length of 2^64 - 1', 1002, frame('', claiming(2n ** 64n - 1n))],
      ['a continuation of 2^63', 1002, start('{'), last('', claiming(2n ** 63n))],
      ['a length of 0 in 16 bits', 1002, frame('', { bits: 16 })],
      ['a length of 125 in 16 bits', 1002, frame(long.slice(1), { bits: 16 })],
      ['a length of 0 in 64 bits', 1002, frame('', { bits: 64 })],
      ['a length of 126 in 64 bits', 1002, frame(long, { bits: 64 })],
      ['a length of 65535 in 64 bits', 1002, frame(huge.slice(1), { bits: 64 })],
    ]);

    // RFC 6455 7.4.1: too big to process
    end(test, [
      ['a length of 2^63 - 1', 1009, frame('', claiming(2n ** 63n - 1n))],
      ['a length of 2^32 + 2', 1009, frame('{}', claiming(2n ** 32n + 2n))],
      ['a binary message of 2^40', 1009, binary('', claiming(2n ** 40n))],
      ['a fragment of 2^63 - 1', 1009, start('', claiming(2n ** 63n - 1n))],
      ['a continuation of 2^63 - 1', 1009, start('{'), last('', claiming(2n ** 63n - 1n))],
      ['fragments that are too much together', 1009, start(most), last(most)],
    ]);

    test('a reserved bit is refused even to who has offered compression', (scope) =>
      unnoticed(scope, () =>
        converse(scope, [frame('{}', { rsv: 4 })], [OPEN, 'close 1002'], {
          headers: 'Sec-WebSocket-Extensions: permessage-deflate\n',
        }),
      ));

    // RFC 6455 5.4, 5.5.2, 5.5.3, 5.6
    const text = offer('piece by piece');
    const relay = offered('piece by piece');
    const [head, tail] = [text.slice(0, 9), text.slice(9)];
    const evens = Buffer.from(Array.from({ length: 125 }, (_, i) => i * 2));
    const row = Array.from({ length: 50 }, (_, i) => i);
    const pinged = bytewise(text).flatMap((fragment) => [ping('x'), fragment]);
    const pongs = Array(text.length).fill('pong x');
    take(test, [
      ['an empty ping', ['pong '], ping('')],
      ['a ping of one byte', ['pong x'], ping('x')],
      ['a ping of 125 bytes', [`pong ${evens.toString('latin1')}`], ping(evens)],
      ['a row of pings', ['pong a', 'pong b', 'pong c'], ping('a'), ping('b'), ping('c')],
      ['a ping after a message', [offered(1), 'pong x'], frame(offer(1)), ping('x')],
      ['a pong nobody asked for', [], pong('x')],
      ['empty text', [], frame('')],
      ['an empty binary message', [], binary('')],
      ['a message of empty fragments', [], ...fragments(['', '', ''])],
      ['a message in two fragments', [relay], ...fragments([head, tail])],
      ['a message with empty fragments', [relay], ...fragments(['', head, '', tail, ''])],
      ['a message in a fragment for each byte', [relay], ...bytewise(text)],
      ['a binary message in fragments', [relay], ...bytewise(text, { opcode: BINARY })],
      ['a message with pings in all gaps', [...pongs, relay], ...pinged],
      ['a message with a pong in it', [relay], start(head), pong(''), last(tail)],
      [
        'one message in fragments after the other',
        [relay, relay],
        ...bytewise(text),
        ...bytewise(text),
      ],
      ['a row of messages', row.map(offered), ...row.map((i) => frame(offer(i)))],
    ]);
    for (const size of [125, 126, 127, 65_535, 65_536]) {
      const payload = 'x'.repeat(size - offer('').length);
      take(test, [[`a message of ${size} bytes`, [offered(payload)], frame(offer(payload))]]);
    }
  },
  only,
);

suite(
  'WebSocket hygiene: text',
  [],
  ({ both: test }) => {
    const [before, after] = offer('|').split('|');
    const joined = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

    // RFC 6455 8.1; 5.5.1 and 7.1.6 for the reason
    for (const [what, ...bytes] of [
      ['a byte that continues nothing', 0x80],
      ['the last byte that continues nothing', 0xbf],
      ['an overlong NUL', 0xc0, 0x80],
      ['an overlong letter', 0xc1, 0xbf],
      ['an overlong slash of three bytes', 0xe0, 0x80, 0xaf],
      ['the last overlong character of three bytes', 0xe0, 0x9f, 0xbf],
      ['an overlong slash of four bytes', 0xf0, 0x80, 0x80, 0xaf],
      ['the last overlong character of four bytes', 0xf0, 0x8f, 0xbf, 0xbf],
      ['the first surrogate', 0xed, 0xa0, 0x80],
      ['the last surrogate', 0xed, 0xbf, 0xbf],
      ['a pair of surrogates', 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
      ['a character after the last', 0xf4, 0x90, 0x80, 0x80],
      ['a character of five bytes', 0xf8, 0x88, 0x80, 0x80, 0x80],
      ['a character of six bytes', 0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
      ['a byte of F5', 0xf5, 0x80, 0x80, 0x80],
      ['a byte of FE', 0xfe],
      ['a byte of FF', 0xff],
      ['one byte of two', 0xc3],
      ['two bytes of three', 0xe2, 0x82],
      ['three bytes of four', 0xf0, 0x9f, 0x98],
    ]) {
      end(test, [
        [`${what} in a payload`, 1007, frame(joined(before, bytes, after))],
        [`${what} in fragments`, 1007, ...bytewise(joined(before, bytes, after))],
        [`${what} for all text`, 1007, frame(bytes)],
        [`${what} at the end of text`, 1007, frame(joined('{"type":"HEARTBEAT"}', bytes))],
        [`${what} in the reason of a Close`, 1007, close(1000, bytes)],
      ]);
    }

    const odd = [0xff];
    end(test, [
      ['bad UTF-8 in a name', 1007, frame(joined('{"', odd, '":1}'))],
      ['bad UTF-8 in a type', 1007, frame(joined('{"type":"', odd, '"}'))],
      ['bad UTF-8 in what is no object', 1007, frame(joined('["', odd, '"]'))],
      ['bad UTF-8 in what is no JSON', 1007, frame(joined('}{', odd))],
      ['bad UTF-8 after 64 KB', 1007, frame(joined('x'.repeat(65_536), odd))],
      ['bad UTF-8 around a pong', 1007, start([0xc3]), pong(''), last([0x28])],
      ['half a character before an empty fragment', 1007, start([0xc3]), last('')],
    ]);

    const rare = '\u00e9\u20ac\u{1f600}\u07ff\u0800\ud7ff\ue000\uffff\ufeff\u{10000}\u{10ffff}';
    take(test, [
      ['text of rare characters', [offered(rare)], frame(offer(rare))],
      ['text cut within its characters', [offered(rare)], ...bytewise(offer(rare))],
      ['bad UTF-8 in a binary message', [], binary(odd)],
      ['a pong of bad UTF-8', [], pong(odd)],
      ['a ping of bad UTF-8', ['pong \xff'], ping(odd)],
    ]);
  },
  only,
);

suite(
  'WebSocket hygiene: the end',
  [],
  ({ both: test }) => {
    // RFC 6455 5.5.1, 7.4.1, 7.4.2
    for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65_535]) {
      end(test, [
        [`a Close of ${code}`, 1002, close(code)],
        [`a Close of ${code} with a reason`, 1002, close(code, 'reason')],
      ]);
    }
    for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]) {
      end(test, [[`a Close of ${code}`, code, close(code)]]);
    }
    for (const code of [3000, 3999, 4000, 4999]) {
      end(test, [[`a Close of ${code}`, code, close(code)]]);
    }
    end(test, [
      ['a Close of half a code', 1002, frame([3], { opcode: CLOSE })],
      ['a Close without a code', 1005, close()],
      ['a Close with a reason', 1000, close(1000, 'bye')],
      ['a Close with a reason of 123 bytes', 1000, close(1000, '\u20ac'.repeat(41))],
      ['a Close before another', 1000, close(1000), close(1001)],
      ['a Close before nonsense', 1000, close(1000), Buffer.alloc(100, 0xff)],
      ['a Close in a fragmented message', 1000, start(offer('early')), close(1000), last('')],
      ['a fault before a Close', 1002, ping('', { masked: false }), close(1000)],
      ['nonsense before nonsense', 1002, Buffer.alloc(100, 0xff)],
    ]);

    test('a message before a Close is heard', (scope) =>
      unnoticed(scope, async () => {
        const frames = [frame(offer('early')), close(1001)];
        await converse(scope, frames, [OPEN, offered('early'), 'close 1001']);
      }));

    // The server has closed; its client may not have noticed yet.
    for (const [what, ...frames] of [
      ['says nothing', close()],
      ['closes by a code', close(1000)],
      ['closes by a code that is none', close(1005)],
      ['goes on', frame(offer('late')), frame('nonsense'), ping('x'), close(1000)],
      ['goes on in fragments', start('{'), ping('x'), last('}'), close(1000)],
      ['goes on with bad UTF-8', frame([0xff]), close(1000)],
      ['goes on with bad frames', frame('', { opcode: 3 })],
      ['goes on with too much', frame('', { bits: 64, claims: 2n ** 62n })],
    ]) {
      test(`a peer that was refused and ${what} hears no more`, (scope) =>
        unnoticed(scope, async () => {
          const expected = [errorText('Invalid key provided'), 'close 1005'];
          await converse(scope, frames, expected, { key: 'wrong' });
        }));
    }
  },
  only,
);
