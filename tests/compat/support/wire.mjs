// Clients as thin as the wire: they send and show exactly what passes, and wait only for things
// that must come. "Nothing came" is shown by a fence: a later message on the same way comes next.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import { dial, httpOf, origin, trust } from './dial.mjs';

/** How long anything that must happen may take before the test fails. */
export const DEADLINE_MS = 10_000;

export const OPEN = '{"type":"OPEN"}';

/** The text in which both servers relay a message, payload given as JSON text, or absent. */
export function relayed(type, src, dst, payloadText) {
  const payload = payloadText === undefined ? '' : `,"payload":${payloadText}`;
  return `{"type":"${type}","src":${JSON.stringify(src)},"dst":${JSON.stringify(dst)}${payload}}`;
}

export function errorText(msg) {
  return `{"type":"ERROR","payload":{"msg":"${msg}"}}`;
}

/** The payload of a relayed message. */
export const payloadOf = (text) => JSON.parse(text).payload;

export const ID_TAKEN = '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}';

/** Rejects when `promise` is not settled in time; `what` says what was waited for. */
export async function within(promise, what, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until `probe` resolves to something true, and returns that. */
export async function until(probe, what, ms = DEADLINE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// -------------------------------------------------------------------------------------------------
// HTTP

/** One request on a connection of its own: { status, headers, body }. `target` goes out as is. */
export function request(server, method, target, headers = {}, body = undefined) {
  const answer = new Promise((resolve, reject) => {
    const options = {
      host: server.host,
      port: server.port,
      method,
      path: target,
      headers,
      agent: false,
      ...trust(server),
    };
    const call = httpOf(server).request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
      response.on('error', reject);
    });
    call.on('upgrade', () => reject(new Error(`${target} switched protocols`)));
    call.on('error', reject);
    call.end(body);
  });
  return within(answer, `the answer to ${method} ${target}`);
}

export const get = (server, target, headers) => request(server, 'GET', target, headers);

/** The connected ids, where discovery is allowed. */
export async function listed(server) {
  return JSON.parse((await get(server, '/peerjs/peers')).body);
}

/** The server has dealt with the end of `peer`: its id is no longer listed. */
export function unregistered(server, peer) {
  return until(async () => !(await listed(server)).includes(peer.id), `the end of ${peer.id}`);
}

/** Writes `text` (\n stands for CRLF) to a fresh connection; resolves to all that comes back. */
export function talk(server, text) {
  const socket = dial(server);
  const all = new Promise((resolve) => {
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
    socket.on('error', () => {}); // a reset after the answer is an end like any other
    socket.on('close', () => resolve(answer));
  });
  socket.write(text.replaceAll('\n', '\r\n'));
  return within(all, 'the end of the connection').finally(() => socket.destroy());
}

// -------------------------------------------------------------------------------------------------
// WebSocket

/** The target of a peer's WebSocket; values are percent-encoded, undefined ones left out. */
export function socketTarget({ path = '/peerjs', key = 'peerjs', id, token = 'token', version }) {
  const query = Object.entries({ key, id, token, version })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${query.join('&')}`;
}

/** A WebSocket of the `ws` package, which answers pings and Close frames by itself. */
export class Peer {
  #inbox = [];
  #wanted = [];
  #fences = 0;

  constructor(server, options) {
    this.id = options.id;
    this.token = options.token ?? 'token';
    const target = options.target ?? socketTarget(options);
    this.ws = new WebSocket(`${origin(server, 'ws')}${target}`, {
      ...trust(server),
      origin: options.origin,
      headers: options.headers,
      localAddress: options.localAddress,
      perMessageDeflate: options.perMessageDeflate ?? false,
    });
    this.pings = 0;
    this.ws.on('ping', () => (this.pings += 1));
    this.ws.on('message', (data, isBinary) => this.#arrived(isBinary ? data : data.toString()));
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.closed.then((end) => this.#finish(end));
    this.upgraded = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('unexpected-response', (_, response) => {
        reject(
          Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode }),
        );
        this.ws.terminate();
      });
      this.ws.on('error', reject);
    });
    this.upgraded.catch(() => {});
  }

  #arrived(data) {
    const wanted = this.#wanted.shift();
    if (wanted) wanted.resolve(data);
    else this.#inbox.push(data);
  }

  #finish({ code, reason }) {
    this.end = { code, reason };
    for (const wanted of this.#wanted.splice(0)) wanted.reject(this.#endError());
  }

  #endError() {
    return new Error(`${this.id}: closed with ${this.end.code} "${this.end.reason}" while waiting`);
  }

  /** The next message: a string, or a Buffer if it came as a binary frame. */
  next(ms) {
    if (this.#inbox.length > 0) return Promise.resolve(this.#inbox.shift());
    if (this.end) return Promise.reject(this.#endError());
    let entry;
    const message = new Promise((resolve, reject) =>
      this.#wanted.push((entry = { resolve, reject })),
    );
    return within(message, `a message for ${this.id}`, ms).finally(() => {
      this.#wanted = this.#wanted.filter((other) => other !== entry);
    });
  }

  async expect(...texts) {
    for (const text of texts) assert.equal(await this.next(), text);
  }

  async expectJson(value) {
    assert.deepEqual(JSON.parse(await this.next()), value);
  }

  /** The server closes; nothing more has come before that. Resolves to { code, reason }. */
  async expectClosed() {
    const end = await within(this.closed, `the end of ${this.id}`);
    assert.deepEqual(this.#inbox, [], 'messages nobody expected before the end');
    return end;
  }

  send(message) {
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    this.ws.send(raw ? message : JSON.stringify(message));
  }

  signal(type, dst, payload) {
    this.send({ type, payload, dst });
  }

  /**
   * A message to itself, which must be the next one to come: the server has then dealt with all
   * this peer has sent before, and has sent this peer nothing else.
   */
  async fence() {
    this.#fences += 1;
    this.signal('CANDIDATE', this.id, `fence ${this.#fences}`);
    await this.expect(relayed('CANDIDATE', this.id, this.id, `"fence ${this.#fences}"`));
  }

  /** Ends the connection with a Close frame of this code (none: empty, seen as 1005). */
  async close(code) {
    this.ws.close(code);
    return within(this.closed, `the closing handshake of ${this.id}`);
  }

  /** Ends the TCP connection without a Close frame. */
  lose() {
    this.ws.terminate();
  }
}

/** Afterwards both have been in touch: each is the other's partner. */
export async function partners(a, b) {
  await a.signal('OFFER', b.id, 'hello');
  await b.expect(relayed('OFFER', a.id, b.id, '"hello"'));
}

/** What the server says to a WebSocket handshake that it refuses: its HTTP status. */
export async function refusal(server, target) {
  const socket = new Peer(server, { target });
  const upgraded = within(socket.upgraded, `the answer to the upgrade of ${target}`);
  const outcome = await upgraded.then(
    () => 'upgraded',
    (error) => error.status ?? error.message,
  );
  socket.lose();
  return outcome;
}

/** A WebSocket by hand: it answers nothing by itself and can break every rule of framing. */
export class RawPeer {
  #bytes = Buffer.alloc(0);
  #changed = () => {};
  #over = false;

  constructor(server, options) {
    this.id = options.id;
    this.socket = dial(server);
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#changed();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#over = true;
      this.#changed();
    });
    const target = options.target ?? socketTarget(options);
    this.socket.write(
      `GET ${target} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  }

  async #take(parse, what) {
    const attempt = async () => {
      for (;;) {
        const taken = parse(this.#bytes);
        if (taken) {
          this.#bytes = this.#bytes.subarray(taken.length);
          return taken.value;
        }
        if (this.#over) return null;
        await new Promise((resolve) => (this.#changed = resolve));
      }
    };
    return within(attempt(), `${what} for ${this.id}`);
  }

  /** Reads the answer to the handshake and returns its status. */
  handshake() {
    return this.#take((bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return null;
      return { length: end + 4, value: Number(bytes.toString('latin1', 9, 12)) };
    }, 'the answer to the handshake');
  }

  async open() {
    assert.equal(await this.handshake(), 101);
    await this.expect(OPEN);
  }

  /** The next frame, Pings included: { opcode, fin, rsv, payload }; null after the last. */
  frame() {
    return this.#take((bytes) => {
      if (bytes.length < 2) return null;
      let length = bytes[1] & 0x7f;
      let start = 2;
      if (length === 126) {
        if (bytes.length < 4) return null;
        length = bytes.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (bytes.length < 10) return null;
        length = Number(bytes.readBigUInt64BE(2));
        start = 10;
      }
      if (bytes.length < start + length) return null;
      const value = {
        opcode: bytes[0] & 0x0f,
        fin: bytes[0] >= 0x80,
        rsv: (bytes[0] >> 4) & 7,
        payload: Buffer.from(bytes.subarray(start, start + length)),
      };
      return { length: start + length, value };
    }, 'a frame');
  }

  /** The next frame that is no Ping. */
  message() {
    const search = async () => {
      for (;;) {
        const frame = await this.frame();
        if (frame === null || frame.opcode !== 9) return frame;
      }
    };
    return within(search(), `a message for ${this.id}`);
  }

  async expect(...texts) {
    for (const text of texts) {
      const frame = await this.message();
      assert.ok(frame, `${this.id}: the connection ended instead of ${text}`);
      assert.equal(frame.opcode, 1, 'a text frame');
      assert.equal(frame.payload.toString(), text);
    }
  }

  /** Reads to the end; resolves to the code of the Close frame, 1005 if empty, 1006 if none. */
  ending() {
    const read = async () => {
      let code = 1006;
      for (;;) {
        const frame = await this.frame();
        if (frame === null) return code;
        if (frame.opcode !== 8) continue;
        code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
        this.socket.end(); // a server may wait for the client before it lets go of TCP
      }
    };
    return within(read(), `the end of ${this.id}`);
  }

  /** Sends one frame; `claims` declares another length than the payload has. */
  send(payload, { opcode = 1, fin = true, rsv = 0, masked = true, claims } = {}) {
    const data = Buffer.from(payload);
    const length = claims ?? data.length;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = masked ? 0x80 : 0;
    if (length < 126) head[1] |= length;
    else if (length < 65536) {
      head[1] |= 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] |= 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    // A mask of zeros leaves the payload as it is.
    this.socket.write(Buffer.concat([head, ...(masked ? [Buffer.alloc(4)] : []), data]));
  }

  lose() {
    this.socket.destroy();
  }

  /** Ends the TCP connection with RST. */
  reset() {
    this.socket.resetAndDestroy();
  }
}
