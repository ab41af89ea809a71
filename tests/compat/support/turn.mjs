// A real TURN server, coturn, and of its clients the part that shows what credentials are worth.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, startOnFreePort } from './server.mjs';
import { within } from './wire.mjs';

/** A coturn that shares `secret` with whom makes credentials for it; remove() after its end. */
export function startCoturn(secret) {
  const directory = mkdtempSync(join(tmpdir(), 'peerjsd-coturn-'));
  const start = (port) =>
    launch(
      'turnserver',
      'stdbuf',
      [
        ...['-oL', 'turnserver', '-n', '--use-auth-secret', '--realm=test', '--no-tls', '--no-dtls'],
        ...[`--static-auth-secret=${secret}`, `--listening-port=${port}`, '--no-cli'],
        ...['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', '--allow-loopback-peers'],
        ...['--log-file=stdout', '--verbose', `--userdb=${directory}/turndb`],
        `--pidfile=${directory}/pid`,
      ],
      {},
    );
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return startOnFreePort(start, /DB connection success/).then((server) => ({ ...server, remove }));
}

// RFC 8489 and 8656
const MAGIC = 0x2112a442;
const ALLOCATE = 3;
const UDP = Buffer.from([17, 0, 0, 0]);
const [USERNAME, INTEGRITY, ERROR_CODE, REALM, NONCE, TRANSPORT] = [6, 8, 9, 0x14, 0x15, 0x19];

function attribute(type, value) {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** `key`: signs it. */
function messageOf(attributes, key) {
  const body = Buffer.concat(attributes.map((each) => attribute(...each)));
  const head = Buffer.alloc(8);
  head.writeUInt16BE(ALLOCATE, 0);
  head.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  head.writeUInt32BE(MAGIC, 4);
  const message = Buffer.concat([head, randomBytes(12), body]);
  if (!key) return message;
  const mac = createHmac('sha1', key).update(message).digest();
  return Buffer.concat([message, attribute(INTEGRITY, mac)]);
}

/** What the message says, by types of attributes. */
function read(message) {
  const attributes = new Map();
  for (let at = 20; at < message.length;) {
    const length = message.readUInt16BE(at + 2);
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
    at += 4 + length + (-length & 3);
  }
  return attributes;
}

/**
 * Asks the TURN server on that port for a relay: 0 if it gives one, else its error. The socket stays
 * open: another one of the same port would be told that it has a relay already.
 */
export async function allocate(port, { username, credential }) {
  const socket = createSocket('udp4').unref();
  const ask = async (...message) => {
    socket.send(messageOf(...message), port, '127.0.0.1');
    const [answer] = await within(once(socket, 'message'), 'an answer of the TURN server');
    return read(answer);
  };
  const challenge = await ask([[TRANSPORT, UDP]]);
  const [realm, nonce] = [challenge.get(REALM), challenge.get(NONCE)];
  const key = createHash('md5').update(`${username}:${realm}:${credential}`).digest();
  const proof = [[USERNAME, username], [REALM, realm], [NONCE, nonce]];
  const error = (await ask([[TRANSPORT, UDP], ...proof], key)).get(ERROR_CODE);
  return error ? error[2] * 100 + error[3] : 0;
}
