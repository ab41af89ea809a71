// XHR streams and posted messages, as PeerJS 0.3.x has them, to the byte and to the chunk.

import assert from 'node:assert/strict';
import { dial } from './dial.mjs';
import { OPEN, relayed, request, within } from './wire.mjs';

export const PADDING = '0'.repeat(2048);

// A line that may come at any time and means nothing. (At an empty one PeerJS 0.3.x stops for good.)
const BLANK = ' ';

// A line that is read now came after the loop had last found nothing to read, so after the last
// tick but one; `at` alone would blame the server when this process is late.
let ticks = [0, 0];
setInterval(() => (ticks = [ticks[1], performance.now()]), 5).unref();

/** The target of a POST; id and token are percent-encoded. The verb of a stream is "id". */
export function postTarget({ path = '', key = 'peerjs', id, token = 'token', verb = 'id', query }) {
  const segments = [key, id, token].map(encodeURIComponent);
  return `${path}/${segments.join('/')}/${verb}${query ? `?${query}` : ''}`;
}

/**
 * One POST on a connection of its own: { status, headers, body }. `where` as of postTarget(), or a
 * target. `body`: text, bytes, undefined for none, or a value to be sent as JSON.
 */
export function post(server, where, body, headers = { 'Content-Type': 'application/json' }) {
  const target = typeof where === 'string' ? where : postTarget(where);
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  return request(server, 'POST', target, headers, raw ? body : JSON.stringify(body));
}

/** An XHR stream. */
export class Stream {
  #bytes = Buffer.alloc(0);
  #line = [];
  #inbox = [];
  #changed = () => {};
  #fences = 0;
  #finish;

  /** `options`: as of postTarget(), and origin, http (the version), headers (as lines), body. */
  constructor(server, options) {
    this.server = server;
    this.id = options.id;
    this.token = options.token ?? 'token';
    this.options = options;
    this.answer = null; // { status, headers } once the head has come
    this.chunks = []; // of the body, as the server wrote them; read to read if it is not chunked
    this.blanks = []; // the times at which blank lines came: { at, notBefore }
    this.end = null; // 'complete', 'cut' if the connection ended before the body did, or an error
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    this.socket = dial(server);
    this.socket.setNoDelay(true);
    this.socket.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      try {
        while (this.#parse());
      } catch (error) {
        this.#over(error.message);
      }
      this.#changed();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#over(this.answer && !this.#chunked ? 'complete' : 'cut');
        resolve();
      });
    });
    const lines = [
      `POST ${options.target ?? postTarget(options)} HTTP/${options.http ?? '1.1'}`,
      `Host: ${server.host}:${server.port}`,
      ...(options.headers ?? ['Content-Length: 0']),
      ...(options.origin ? [`Origin: ${options.origin}`] : []),
    ];
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n${options.body ?? ''}`);
  }

  get #chunked() {
    return this.answer.headers['transfer-encoding'] === 'chunked';
  }

  #parse() {
    if (this.end) return false;
    if (!this.answer) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return false;
      const [status, ...fields] = this.#take(end + 4)
        .toString('latin1')
        .trimEnd()
        .split('\r\n');
      const split = (field) => field.match(/^([^:]+): *(.*)$/).slice(1);
      const headers = fields.map(split).map(([name, value]) => [name.toLowerCase(), value]);
      this.answer = { status: Number(status.slice(9, 12)), headers: Object.fromEntries(headers) };
      return true;
    }
    if (!this.#chunked) {
      if (this.#bytes.length > 0) this.#body(this.#take(this.#bytes.length));
      return false;
    }
    const mark = this.#bytes.indexOf('\r\n');
    if (mark < 0) return false;
    const size = this.#bytes.toString('latin1', 0, mark);
    assert.match(size, /^[0-9a-f]+$/i, 'the length of a chunk');
    const length = parseInt(size, 16);
    if (this.#bytes.length < mark + 2 + length + 2) return false;
    const chunk = this.#take(mark + 2 + length + 2).subarray(mark + 2);
    assert.equal(chunk.toString('latin1', length), '\r\n', 'the end of a chunk');
    if (length === 0) this.#over('complete');
    else this.#body(chunk.subarray(0, length));
    return true;
  }

  #take(length) {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  #body(data) {
    this.chunks.push(data.toString());
    for (let rest = data; rest.length > 0;) {
      const end = rest.indexOf('\n') + 1;
      this.#line.push(rest.subarray(0, end || rest.length));
      if (end === 0) return;
      rest = rest.subarray(end);
      const text = Buffer.concat(this.#line).toString().slice(0, -1);
      this.#line = [];
      const time = { at: performance.now(), notBefore: ticks[0] };
      if (text === BLANK) this.blanks.push(time);
      else this.#inbox.push({ text, ...time });
    }
  }

  #over(how) {
    if (this.end) return;
    this.end = how;
    this.#finish(how);
    this.#changed();
  }

  /** The next line that is not blank: { text, at, notBefore }, the times it came between. */
  async nextLine(ms) {
    const wait = async () => {
      while (this.#inbox.length === 0) {
        if (this.end) throw new Error(`${this.id}: the stream ended (${this.end}) while waiting`);
        await new Promise((resolve) => (this.#changed = resolve));
      }
      return this.#inbox.shift();
    };
    return within(wait(), `a line for ${this.id}`, ms);
  }

  async next(ms) {
    return (await this.nextLine(ms)).text;
  }

  async expect(...texts) {
    for (const text of texts) assert.equal(await this.next(), text);
  }

  async expectJson(value) {
    assert.deepEqual(JSON.parse(await this.next()), value);
  }

  /** The stream has begun, whether or not anything follows. */
  async begin() {
    await this.expect(PADDING);
    assert.equal(this.answer.status, 200);
  }

  async open() {
    await this.begin();
    await this.expect(OPEN);
  }

  /** The server ends the stream as a whole; nothing that nobody expected has come before. */
  async expectEnded(ms) {
    const how = await within(this.ended, `the end of the stream of ${this.id}`, ms);
    assert.deepEqual(
      this.#inbox.map((line) => line.text),
      [],
      'lines nobody expected before the end',
    );
    assert.equal(how, 'complete');
    assert.equal(Buffer.concat(this.#line).toString(), '', 'a line that is not whole');
  }

  /** The texts of all whole lines up to the end of the stream, however it ends. */
  async whole() {
    const texts = [];
    for (;;) {
      if (this.#inbox.length > 0) texts.push(this.#inbox.shift().text);
      else if (this.end) return texts;
      else {
        const more = new Promise((resolve) => (this.#changed = resolve));
        await within(more, `a line for ${this.id}, or the end`);
      }
    }
  }

  /** The same of a stream that the server ends. */
  async rest() {
    const texts = await this.whole();
    await this.expectEnded();
    return texts;
  }

  /** Sends another request (\n stands for CRLF) on the connection of a stream that has ended. */
  async reuse(text) {
    this.socket.write(text.replaceAll('\n', '\r\n'));
    await within(this.closed, `the end of the connection of ${this.id}`);
    return this.#bytes.toString();
  }

  post(verb, body) {
    return post(this.server, { ...this.options, id: this.id, query: undefined, verb }, body);
  }

  /** Posts a message, which must be taken. */
  async signal(type, dst, payload) {
    const { status, body } = await this.post(type.toLowerCase(), { type, payload, dst });
    assert.deepEqual([status, body], [200, 'OK'], `${type} of ${this.id}`);
  }

  /** See Peer.fence(). */
  async fence() {
    this.#fences += 1;
    await this.signal('CANDIDATE', this.id, `fence ${this.#fences}`);
    await this.expect(relayed('CANDIDATE', this.id, this.id, `"fence ${this.#fences}"`));
  }

  /** Drops the connection, as an aborted XHR does. */
  lose() {
    this.socket.destroy();
  }

  /** Ends the TCP connection with RST. */
  reset() {
    this.socket.resetAndDestroy();
  }
}
