// Peers that come and go, with the same id and token, while others signal them all the time. Each
// message must come, in order and once, or its sender must have been told that it expired.
// Usage: node returning.mjs JSON: { ports, seconds, timing, pairs }; prints one line of JSON.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { OPEN, Peer, RawPeer, relayed, until } from '../../tests/compat/support/wire.mjs';
import { uniqueName } from './scope.mjs';

const order = JSON.parse(process.argv[2]);

/** One of the servers, by chance. */
const server = () => ({ host: '127.0.0.1', port: order.ports[randomInt(order.ports.length)] });

const expireTimeout = order.timing.expire_timeout;

const INTERVAL_MS = 100; // between two messages
const FILL = 'x'.repeat(100_000);
const BURST = 40; // together more than the system keeps for a reader, less than the server does
const EARLY_MS = 5; // clocks count in whole steps
const LATE_MS = 1_000;

// Ways to go after which the server knows exactly what has been read: what it wrote before the end
// is read to that end, and a connection that was reset takes nothing more.
const closeTab = (peer) => peer.send(Buffer.from([3, 233]), { opcode: 8 });
const disconnect = (peer) => peer.send('', { opcode: 8 });
const halfClose = (peer) => peer.socket.end();
const reset = (peer) => peer.reset();
const comeTwice = null;
const WAYS = [closeTab, disconnect, halfClose, reset, comeTwice];

const type = (n) => (n % 22 === 0 ? 'OFFER' : 'CANDIDATE');

const delay = monitorEventLoopDelay();
delay.enable();

/** How late this process may have looked at something. */
const lateness = () => LATE_MS + (2 * delay.max) / 1e6;

class Returning {
  #sent = []; // { at, fill }
  #missing = []; // numbers
  #next = 0; // the lowest number that may come
  #expiries = []; // when EXPIRE came
  #paused = false;
  #over = false;

  constructor() {
    this.caller = new Peer(server(), { id: uniqueName('staying') });
    this.id = uniqueName('returning');
    this.returns = 0;
  }

  /** Until finish() is called; throws for the first message that is not accounted for. */
  async run() {
    await this.caller.expect(OPEN);
    const others = [this.#listen(), this.#signal()];
    await Promise.race([...others, this.#comeAndGo()]);
    this.caller.lose();
    this.#account();
  }

  finish() {
    this.#over = true;
  }

  get figures() {
    return {
      messages: this.#sent.length,
      expired: this.#missing.length,
      EXPIRE: this.#expiries.length,
      returns: this.returns,
    };
  }

  async #listen() {
    for (;;) {
      const text = await this.caller.next(2 ** 30);
      if (text === relayed('EXPIRE', this.id, this.caller.id)) {
        this.#expiries.push(performance.now());
      } else {
        assert.equal(text, relayed('LEAVE', this.id, this.caller.id));
      }
    }
  }

  async #signal() {
    for (;;) {
      await sleep(INTERVAL_MS);
      if (!this.#paused) this.#send();
    }
  }

  #send(fill = '') {
    const n = this.#sent.length;
    this.#sent.push({ at: performance.now(), fill });
    this.caller.signal(type(n), this.id, [n, fill]);
  }

  async #comeAndGo() {
    let peer = this.#connect();
    for (let round = randomInt(100); ; round += 1) {
      await peer.open();
      const reading = this.#read(peer);
      const end = reading.then(() => 'the server ended it');
      assert.equal(await Promise.race([end, sleep(randomInt(500, 2_500))]), undefined);
      if (this.#over) {
        await Promise.race([reading, this.#readAll()]);
        return peer.lose();
      }
      peer = await this.#leaveAndReturn(peer, reading, round);
      this.returns += 1;
    }
  }

  async #leaveAndReturn(peer, reading, round) {
    const leave = WAYS[round % WAYS.length];
    if (leave === comeTwice) return this.#comeTwice(peer, reading, round % 2 ? BURST : 0);
    if (leave === reset) await Promise.race([reading, this.#readAll()]);
    leave(peer);
    this.#paused = false;
    await reading;
    await sleep(round % 4 === 0 ? expireTimeout + randomInt(1_500) : randomInt(800));
    return this.#connect();
  }

  async #comeTwice(peer, reading, burst) {
    peer.socket.pause();
    for (let i = 0; i < burst; i += 1) this.#send(FILL);
    await sleep(randomInt(200)); // for some of that to wait in the server
    const next = this.#connect();
    const beating = setInterval(() => next.send('{"type":"HEARTBEAT"}'), 2_000);
    peer.socket.resume();
    await reading; // what comes on the old connection is older
    clearInterval(beating);
    return next;
  }

  #connect() {
    return new RawPeer(server(), { id: this.id, version: '1.5.5' });
  }

  /** Nothing more is sent; all that has been sent has come. */
  async #readAll() {
    this.#paused = true;
    const n = this.#sent.length;
    this.#send();
    await until(() => this.#next > n, `message ${n} for ${this.id}, which is here`);
  }

  async #read(peer) {
    for (let frame = await peer.frame(); frame !== null; frame = await peer.frame()) {
      if (frame.opcode === 1) this.#got(frame.payload.toString());
      if (frame.opcode === 8) peer.socket.end();
    }
  }

  #got(text) {
    const [n] = JSON.parse(text).payload;
    const payload = JSON.stringify([n, this.#sent[n].fill]);
    assert.ok(text === relayed(type(n), this.caller.id, this.id, payload), text.slice(0, 200));
    assert.ok(n >= this.#next, `message ${n} for ${this.id} came after ${this.#next - 1}`);
    for (; this.#next < n; this.#next += 1) this.#missing.push(this.#next);
    this.#next = n + 1;
  }

  /** How long before that the messages nearest to it had been sent that did not come. */
  #ages(expiry) {
    const ages = this.#missing.map((n) => Math.round(expiry - this.#sent[n].at));
    const nearest = ages.sort((a, b) => Math.abs(a - expireTimeout) - Math.abs(b - expireTimeout));
    return `${nearest.slice(0, 3).join(', ') || 'of no'} ms after messages that did not come`;
  }

  /** Whether it came when the message had waited for so long: then it was the first of its attempt. */
  #isInTimeFor(expiry, n) {
    const wait = expiry - this.#sent[n].at;
    return wait > expireTimeout - EARLY_MS && wait < expireTimeout + lateness();
  }

  /**
   * Whether it came at once for a message of a burst: on another node than the one that it was for,
   * a burst finds no room to wait, and all goes that waits with it.
   */
  #isOfRefusal(expiry) {
    return this.#missing.some((n) => {
      const { at, fill } = this.#sent[n];
      return order.ports.length > 1 && fill !== '' && expiry > at && expiry < at + lateness();
    });
  }

  /** An EXPIRE is for the first message of an attempt, and for what follows for a while. */
  #account() {
    const refusals = this.#expiries.filter((expiry) => this.#isOfRefusal(expiry));
    for (const expiry of this.#expiries) {
      const found = this.#missing.some((n) => this.#isInTimeFor(expiry, n));
      const isFounded = found || refusals.includes(expiry);
      assert.ok(isFounded, `${this.caller.id} was told ${this.#ages(expiry)} that one expired`);
    }
    let covered = -Infinity;
    for (const n of this.#missing) {
      const { at } = this.#sent[n];
      const inTime = this.#expiries.find((each) => this.#isInTimeFor(each, n));
      const atOnce = refusals.find((each) => each > at && each < at + expireTimeout);
      const expiry = inTime ?? atOnce;
      if (expiry) covered = expiry + expireTimeout;
      const isCovered = this.#sent[n].at <= covered;
      const what = `message ${n} of ${new Date(performance.timeOrigin + this.#sent[n].at).toISOString()}`;
      const told = this.#expiries.map((each) => Math.round(each - this.#sent[n].at));
      const near = told.filter((ms) => Math.abs(ms) < 4 * expireTimeout);
      assert.ok(
        isCovered,
        `${what} for ${this.id} neither came nor expired; EXPIRE after ${near.join(', ')} ms`,
      );
    }
  }
}

const broken = [];
const all = Array.from({ length: order.pairs }, () => new Returning());
const runs = all.map((one) => one.run().catch((error) => broken.push(error.message)));
await sleep(order.seconds * 1000);
for (const one of all) one.finish();
await Promise.all(runs);

const sums = {};
for (const { figures } of all) {
  for (const [name, value] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + value;
}
console.log(JSON.stringify({ ...sums, broken }));
process.exit();
