// A network of its own for a server, in which single addresses can be cut off without a word.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { launch } from './server.mjs';
import { within } from './wire.mjs';

// Who is not root can make one in a user namespace of his own; in a chroot only root can.
const isRoot = process.getuid() === 0;
const NAMESPACES = ['--net', '--mount'];
const UNSHARE = isRoot ? NAMESPACES : ['--map-root-user', ...NAMESPACES];
const NSENTER = isRoot ? NAMESPACES : ['--user', ...NAMESPACES, '--preserve-credentials'];
const LONGEST_SECONDS = 600;

/** Why there can be none here; false if there can. */
export function noNetworks() {
  const { status, stderr, error } = spawnSync('unshare', [...UNSHARE, 'true'], { encoding: 'utf8' });
  return status !== 0 && `no network namespaces here: ${error?.message ?? stderr.trim()}`;
}

/** For tc: 400 kB a second, in packets of 1500 bytes. */
export const SLOW = ['tbf', 'rate', '3200kbit', 'burst', '32kb', 'limit', '160kb'];

/** The same for one that is slow, which not every system can make. */
export function noSlowNetworks() {
  const slow = ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', ...SLOW];
  const { status, stderr, error } = spawnSync('unshare', [...UNSHARE, ...slow], { encoding: 'utf8' });
  return status !== 0 && `no slow networks here: ${error?.message ?? stderr.trim()}`;
}

/**
 * A network without any other host. `addresses`, with their prefix lengths, are those of its
 * Ethernet, if it is to have one; `hosts` is a file it has as /etc/hosts.
 */
export async function makeNetwork({ addresses = [], hosts } = {}) {
  const setup = ['ip link set lo up'];
  if (addresses.length > 0) {
    setup.push('ip link add eth0 type veth peer name eth1');
    setup.push('ip link set eth0 up', 'ip link set eth1 up');
  }
  for (const address of addresses) setup.push(`ip addr add ${address} dev eth0`);
  if (hosts) setup.push(`mount --bind '${hosts}' /etc/hosts`);
  setup.push('echo ready', `exec sleep ${LONGEST_SECONDS}`);
  const holder = launch('network', 'unshare', [...UNSHARE, 'sh', '-c', setup.join(' && ')], {});
  await holder.waitForLog(/ready/, 20_000);
  const inside = (what) => ['--target', String(holder.pid), ...NSENTER, ...what];
  const processes = [];
  return {
    /** Runs a command there as another process. */
    enter(kind, ...what) {
      processes.push(launch(kind, 'nsenter', inside(what), {}));
      return processes.at(-1);
    },
    /** Runs a command there to its end. */
    run: (...what) => execFileSync('nsenter', inside(what)),
    async stop() {
      for (const one of processes.reverse()) await one.stop();
      await holder.stop();
    },
  };
}

/** Runs a program of this folder in such a network, to its end. It has to say that all is well. */
export async function runInNetwork(name, options = {}) {
  const network = await makeNetwork(options);
  try {
    const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
    const program = network.enter(name, process.execPath, file);
    const { code } = await within(program.ended, 'the end of the program', 90_000);
    assert.equal(code, 0, program.log());
    assert.match(program.log(), /all as it should be/);
  } finally {
    await network.stop();
  }
}

/** Starts the server in a network without Ethernet. */
export async function startInNetwork(args) {
  const network = await makeNetwork();
  const command = [process.env.PEERJSD, '--port', '0', '--host', '127.0.0.1', ...args];
  const server = network.enter('peerjsd', ...command);
  const banner = await server.waitForLog(/Started PeerServer on \S+, port: (\d+)/, 20_000);
  const blackhole = (action, address) =>
    network.run('ip', 'route', action, 'blackhole', `${address}/32`, 'table', 'local');
  return {
    ...network,
    server,
    url: `http://127.0.0.1:${banner[1]}`,
    /** From now on nothing reaches that address, and nobody is told. */
    cutOff: (address) => blackhole('add', address),
    putBack: (address) => blackhole('del', address),
    /** One more address that this network has, and that is none of its own host. */
    addAddress: (address) => network.run('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo'),
  };
}
