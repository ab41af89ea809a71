// The clients of one round of something; all of them go with it.

import { dial } from '../../tests/compat/support/dial.mjs';
import { Stream } from '../../tests/compat/support/stream.mjs';
import { OPEN, Peer, RawPeer, relayed, within } from '../../tests/compat/support/wire.mjs';
import { from } from './addresses.mjs';

let names = 0;
let fences = 0;

export const uniqueName = (what) => `${what}-${process.pid}-${(names += 1)}`;

export class Scope {
  #clients = [];

  constructor(server) {
    this.server = server;
  }

  #keep(client) {
    this.#clients.push(client);
    return client;
  }

  /** A peer that reads and answers pings. */
  async peer(what) {
    const peer = this.socket({ id: uniqueName(what) });
    await peer.expect(OPEN);
    return peer;
  }

  /** The same before it is open. */
  socket(options) {
    return this.#keep(new Peer(this.server, options));
  }

  /** A peer that does nothing by itself. */
  async mute(what, address) {
    const peer = from(address, () => new RawPeer(this.server, { id: uniqueName(what) }));
    await this.#keep(peer).open();
    return peer;
  }

  async stream(what, options) {
    const stream = this.#keep(new Stream(this.server, { id: uniqueName(what), ...options }));
    await stream.open();
    return stream;
  }

  /** A connection that says nothing by itself; `ended` resolves to all that has come on it. */
  connection() {
    const socket = dial(this.server);
    this.#keep({ lose: () => socket.destroy() });
    socket.on('error', () => {});
    const all = new Promise((resolve) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
      socket.on('close', () => resolve(text));
    });
    return { socket, ended: (ms) => within(all, 'the end of a connection', ms) };
  }

  end() {
    for (const client of this.#clients) client.lose();
  }
}

/** The server still relays what `peer` sends, and has sent it nothing but what `mayCome`. */
export async function expectUnharmed(peer, ms, mayCome = () => false) {
  fences += 1;
  peer.signal('CANDIDATE', peer.id, fences);
  const fence = relayed('CANDIDATE', peer.id, peer.id, String(fences));
  for (let text = await peer.next(ms); text !== fence; text = await peer.next(ms)) {
    if (!mayCome(text)) throw new Error(`${peer.id} got ${text}`);
  }
}
