// A network of its own for a server, in which single addresses can be cut off without a word.

import { execFileSync, spawnSync } from 'node:child_process';
import { launch } from './server.mjs';

// Who is not root can make one in a user namespace of his own; in a chroot only root can.
const isRoot = process.getuid() === 0;
const UNSHARE = isRoot ? ['--net'] : ['--map-root-user', '--net'];
const NSENTER = isRoot ? ['--net'] : ['--user', '--net', '--preserve-credentials'];

/** Why there can be none here; false if there can. */
export function noNetworks() {
  const { status, stderr, error } = spawnSync('unshare', [...UNSHARE, 'true'], { encoding: 'utf8' });
  return status !== 0 && `no network namespaces here: ${error?.message ?? stderr.trim()}`;
}

/** Starts the server in its network; `enter` runs a command there as another process. */
export async function startInNetwork(args) {
  const inside = 'ip link set lo up && exec "$0" "$@"';
  const command = [process.env.PEERJSD, '--port', '0', '--host', '127.0.0.1', ...args];
  const server = launch('peerjsd', 'unshare', [...UNSHARE, 'sh', '-c', inside, ...command], {});
  const banner = await server.waitForLog(/Started PeerServer on \S+, port: (\d+)/, 20_000);
  const url = `http://127.0.0.1:${banner[1]}`;
  const nsenter = (what) => ['--target', String(server.pid), ...NSENTER, ...what];
  const processes = [];
  const enter = (kind, ...what) => {
    processes.push(launch(kind, 'nsenter', nsenter(what), {}));
    return processes.at(-1);
  };
  /** From now on nothing reaches that address, and nobody is told. */
  const cutOff = (address) => {
    const route = ['ip', 'route', 'add', 'blackhole', `${address}/32`, 'table', 'local'];
    execFileSync('nsenter', nsenter(route));
  };
  const putBack = (address) => {
    const route = ['ip', 'route', 'del', 'blackhole', `${address}/32`, 'table', 'local'];
    execFileSync('nsenter', nsenter(route));
  };
  /** One more address that this network has, and that is none of its own host. */
  const addAddress = (address) => {
    execFileSync('nsenter', nsenter(['ip', 'addr', 'add', `${address}/32`, 'dev', 'lo']));
  };
  const stop = async () => {
    for (const one of processes) await one.stop('SIGKILL');
    await server.stop();
  };
  return { server, url, enter, cutOff, putBack, addAddress, stop };
}
