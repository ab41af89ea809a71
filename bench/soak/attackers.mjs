// The attacks, side by side, again and again for some seconds; who is left dies with the process.
// Usage: node attackers.mjs JSON: { ports, seconds, timing, victims, ownNetwork }
// Prints one line of JSON.

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ATTACKS } from './attacks.mjs';
import { Scope } from './scope.mjs';

const order = JSON.parse(process.argv[2]);
const end = performance.now() + order.seconds * 1000;
const isOver = () => performance.now() > end;
const broken = [];

const cut = new Map(); // the addresses, with what cuts them off
let addresses = 0;
const route = (verb, address) =>
  promisify(execFile)('ip', ['route', verb, 'blackhole', `${address}/32`, 'table', 'local']);
const network = {
  freshAddress: () => `127.0.2.${1 + ((addresses += 1) % 250)}`,
  /** From now on nothing reaches that address, and nobody is told. */
  cutOff: (address) => {
    const cutting = route('add', address);
    cut.set(address, cutting);
    return cutting;
  },
  putBack: async (address) => {
    const cutting = cut.get(address);
    cut.delete(address);
    if (cutting === undefined) return;
    await cutting;
    await route('del', address);
  },
};

/** The id of somebody who is here. */
const victim = () => `call${randomInt(order.victims)}-${'ab'[randomInt(2)]}`;

async function repeat({ title, round, pause }, tally) {
  await sleep(randomInt(1_000));
  while (!isOver()) {
    const port = order.ports[randomInt(order.ports.length)];
    const scope = new Scope({ host: '127.0.0.1', port });
    try {
      await round(scope, order.timing, network, victim);
      tally.rounds += 1;
    } catch (error) {
      if (!isOver()) broken.push(`${title}: ${error.message.replaceAll(/\s+/g, ' ')}`);
    }
    scope.end();
    await sleep(pause);
  }
}

const attacks = ATTACKS.map((attack) => {
  const { title } = attack;
  if (attack.needsNetwork && !order.ownNetwork) return { title, skipped: 'no network of its own' };
  const tally = { title, rounds: 0 };
  for (let i = 0; i < attack.width; i += 1) repeat(attack, tally);
  return tally;
});

await sleep(order.seconds * 1000);
await Promise.all([...cut.keys()].map(network.putBack));
console.log(JSON.stringify({ attacks, broken }));
process.exit();
