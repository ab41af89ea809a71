// Nodes that are replaced one after the other while their peers talk.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startNode, withCluster } from '../support/cluster.mjs';
import { freePort } from '../support/server.mjs';
import { payloadOf, Peer, until } from '../support/wire.mjs';

const PAIRS = 8;
const PAUSE_MS = 4;

/** A client that connects to another node whenever its own says goodbye, as an app's code would. */
class Roamer {
  heard = new Map();
  heardAt = new Map();
  saidAt = [];
  movedAt = [];
  strange = [];

  constructor(id, nodes, first) {
    this.id = id;
    this.nodes = nodes;
    this.choice = first;
  }

  async connect() {
    for (;;) {
      const server = this.nodes[this.choice % this.nodes.length];
      const peer = new Peer(server, { id: this.id, token: `of ${this.id}`, origin: 'http://x' });
      const said = await peer.next().catch(() => null);
      if (said === '{"type":"OPEN"}') {
        this.peer = peer;
        this.listen(peer);
        return;
      }
      this.choice += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async listen(peer) {
    for (;;) {
      const text = await peer.next(120_000).catch(() => null);
      if (text === null) break;
      const { type, src } = JSON.parse(text);
      if (type === 'CANDIDATE') this.take(src, payloadOf(text));
      else this.strange.push(text);
    }
    this.peer = null;
    if (this.ended) return;
    this.movedAt.push(performance.now());
    this.choice += 1;
    await this.connect();
  }

  take(src, number) {
    const numbers = this.heard.get(src) ?? [];
    numbers.push(number);
    this.heard.set(src, numbers);
    this.heardAt.set(number, performance.now());
  }

  /** Says the next number to `other`, once it is connected. */
  say(other) {
    if (!this.peer || this.peer.ws.readyState !== 1) return;
    this.peer.signal('CANDIDATE', other.id, this.saidAt.length);
    this.saidAt.push(performance.now());
  }

  end() {
    this.ended = true;
    this.peer?.lose();
  }
}

/** What is wrong with what `to` has heard of `from`; empty: nothing. */
function complaint(from, to) {
  const heard = to.heard.get(from.id);
  const place = heard.findIndex((number, i) => number !== i);
  if (place < 0 && heard.length === from.saidAt.length) return '';
  const at = (times) => times.map((time) => Math.round(time)).join(', ');
  const times = [heard[place], place].filter((number) => to.heardAt.has(number));
  return (
    `${to.id} has heard ${heard.length} of ${from.saidAt.length} of ${from.id}, ` +
    `${heard[place]} in the place of ${place}. ` +
    `These were said at ${at(times.map((number) => from.saidAt[number]))} ms, ` +
    `heard at ${at(times.map((number) => to.heardAt.get(number)))} ms; ` +
    `moves of ${from.id}: ${at(from.movedAt)}, of ${to.id}: ${at(to.movedAt)}`
  );
}

it(
  'a rolling restart loses no message and no peer',
  withCluster({ count: 0 }, async ({ redis }) => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const start = (i) => startNode(redis.url, ['--port', String(ports[i])]);
    const nodes = await Promise.all(ports.map((_, i) => start(i)));
    const roamers = Array.from({ length: 2 * PAIRS }, (_, i) => new Roamer(`r${i}`, nodes, i));
    const partnerOf = (i) => roamers[(i + PAIRS) % roamers.length];
    let talking;
    try {
      await Promise.all(roamers.map((each) => each.connect()));
      talking = setInterval(() => {
        roamers.forEach((each, i) => each.say(partnerOf(i)));
      }, PAUSE_MS);
      for (let i = 0; i < nodes.length; i += 1) {
        const { code } = await nodes[i].stop();
        assert.equal(code, 0, nodes[i].log());
        nodes[i] = await start(i);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      clearInterval(talking);
      await until(
        () =>
          roamers.every(
            (each, i) => partnerOf(i).heard.get(each.id)?.at(-1) === each.saidAt.length - 1,
          ),
        'the last number of each',
      );
      roamers.forEach((each, i) => {
        assert.equal(complaint(each, partnerOf(i)), '');
        assert.deepEqual(each.strange, [], 'neither EXPIRE nor LEAVE');
      });
      assert.ok(roamers.reduce((sum, each) => sum + each.movedAt.length, 0) >= roamers.length);
    } finally {
      clearInterval(talking);
      for (const each of roamers) each.end();
      await Promise.all(nodes.map((node) => node.stop()));
    }
  }),
);
