// The clients of tests/compat dial from 127.0.0.1. With this module loaded, each connection of the
// process comes from the next of many addresses.

import net from 'node:net';

const ADDRESSES = 200;
const connect = net.connect;
let dialled = 0;
let chosen;

net.connect = (target, host) => {
  const options = typeof target === 'object' ? target : { port: target, host };
  dialled += 1;
  return connect({ ...options, localAddress: chosen ?? `127.0.1.${1 + (dialled % ADDRESSES)}` });
};

/** What `dial` dials before it returns comes from that address. */
export function from(address, dial) {
  chosen = address;
  try {
    return dial();
  } finally {
    chosen = undefined;
  }
}
