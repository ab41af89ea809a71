// Connections by hand: bytes as no client would send them, and all that comes back.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { dial } from './dial.mjs';
import { relayed, within } from './wire.mjs';

/** In `text` \n stands for CRLF, ␊ for a line feed alone and ␍ for a carriage return alone. */
export function bytesOf(text) {
  const lines = text.replaceAll('\n', '\r\n').replaceAll('␊', '\n').replaceAll('␍', '\r');
  return Buffer.from(lines, 'latin1');
}

/** `bytes` in about `count` pieces of equal size. */
export function cut(bytes, count) {
  const size = Math.max(1, Math.ceil(bytes.length / count));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/**
 * Writes one piece after the other to a fresh connection and reads until the server ends it: all
 * that came. What is done `between` two pieces puts off the second.
 */
export async function exchange(server, pieces, between = async () => {}) {
  const socket = dial(server);
  socket.setNoDelay(true);
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {}); // to go on writing after the end is no fault
  const closed = new Promise((resolve) => socket.on('close', resolve));
  const write = async () => {
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await between();
      await new Promise((resolve) => socket.write(piece, resolve));
    }
  };
  try {
    await within(Promise.race([write(), closed]), 'all to be written');
    await within(closed, 'the end of the connection');
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks);
}

/** { answers: [{ version, status, headers, body }], rest }; the rest is what follows a 101. */
export function parseAnswers(bytes) {
  const answers = [];
  while (bytes.length > 0) {
    const end = bytes.indexOf('\r\n\r\n');
    const [first, ...lines] = bytes.toString('latin1', 0, Math.max(end, 0)).split('\r\n');
    const [, version, status] = /^HTTP\/(1\.[01]) (\d{3}) /.exec(first) ?? [];
    assert.ok(status, `no answer: ${bytes.toString('latin1', 0, 200)}`);
    const headers = Object.fromEntries(lines.map((line) => line.split(/: */, 2)));
    for (const name of Object.keys(headers)) headers[name.toLowerCase()] = headers[name];
    const begin = end + 4;
    const length = Number(headers['content-length'] ?? 0);
    const body = bytes.toString('utf8', begin, begin + length);
    answers.push({ version, status, headers, body });
    bytes = bytes.subarray(begin + length);
    if (status === '101') break;
  }
  return { answers, rest: bytes };
}

/** Their statuses; with the target, where the answer to something unknown names it. */
export function summary(answers) {
  const target = ({ status, body }) => (status === '404' ? ` ${JSON.parse(body).target}` : '');
  return answers.map((answer) => `${answer.status}${target(answer)}`).join(', ');
}

/**
 * A client's frame; `bits` (7, 16 or 64) is how its length is written, of itself as RFC 6455 5.2
 * wants it, and `claims` declares another length than the payload has.
 */
export function frame(payload, options = {}) {
  const { opcode = 1, fin = true, rsv = 0, masked = true, claims } = options;
  const data = Buffer.from(payload);
  const length = claims ?? data.length;
  const bits = options.bits ?? (length < 126 ? 7 : length < 65536 ? 16 : 64);
  const head = Buffer.alloc({ 7: 2, 16: 4, 64: 10 }[bits]);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | { 7: Number(length), 16: 126, 64: 127 }[bits];
  if (bits === 16) head.writeUInt16BE(length, 2);
  if (bits === 64) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, data]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, data.map((byte, i) => byte ^ key[i % 4])]);
}

/** What a server's frames say: a message as it is, else "pong x" or "close 1000". */
export function parseFrames(bytes) {
  const said = [];
  while (bytes.length > 0) {
    const short = bytes[1] & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    const length =
      short === 127
        ? Number(bytes.readBigUInt64BE(2))
        : short === 126
          ? bytes.readUInt16BE(2)
          : short;
    assert.ok(bytes.length >= start + length, 'a frame that is not whole');
    const payload = bytes.subarray(start, start + length);
    if (bytes[0] === 0x81) said.push(payload.toString());
    else if (bytes[0] === 0x8a) said.push(`pong ${payload.toString('latin1')}`);
    else if (bytes[0] === 0x88) said.push(`close ${length < 2 ? 1005 : payload.readUInt16BE(0)}`);
    else assert.fail(`no frame of a server: ${bytes[0]}`);
    bytes = bytes.subarray(start + length);
  }
  return said;
}

/** Runs `act` between two exchanges of peers, who must notice nothing of it. */
export async function unnoticed({ peer }, act) {
  const a = await peer('bystander-');
  const b = await peer('bystander-');
  const talk = async (n) => {
    a.signal('OFFER', b.id, n);
    await b.expect(relayed('OFFER', a.id, b.id, String(n)));
    b.signal('ANSWER', a.id, n);
    await a.expect(relayed('ANSWER', b.id, a.id, String(n)));
  };
  await talk(1);
  await act(b);
  await talk(2);
}
