// What is soaked: a server, or several that a Redis joins.

import { startNode, startRedis } from '../../tests/compat/support/cluster.mjs';
import { startPeerjsd } from '../../tests/compat/support/server.mjs';
import { descriptors, peakResident, processorTime, resident } from './process.mjs';

const sum = (values) => values.reduce((a, b) => a + b, 0);

export class Site {
  #args;
  #count;
  #redis;
  #logs = [];
  #onFall;
  servers = [];

  /** `count` servers are to be started with `args`. */
  constructor(count, args) {
    this.#count = count;
    this.#args = args;
    /** Rejects when a server ends that nobody has told to. */
    this.fall = new Promise((_, reject) => (this.#onFall = reject));
    this.fall.catch(() => {});
  }

  get isCluster() {
    return this.#count > 1;
  }

  async start() {
    if (this.isCluster) this.#redis = await startRedis();
    for (let i = 0; i < this.#count; i += 1) await this.#startServer(i, 0);
  }

  async #startServer(i, port) {
    const args = [...this.#args, '--port', String(port)];
    const server = this.isCluster
      ? await startNode(this.#redis.url, args)
      : await startPeerjsd(args);
    this.servers[i] = server;
    this.#logs.push(server.log);
    server.ended.then(({ code, signal }) => {
      if (server.isToEnd) return;
      this.#onFall(new Error(`a server ended by itself: ${signal ?? `exit code ${code}`}`));
    });
  }

  get ports() {
    return this.servers.map(({ port }) => port);
  }

  /** Of the servers, then of their Redis. */
  get pids() {
    return [...this.servers, ...(this.#redis ? [this.#redis] : [])].map(({ pid }) => pid);
  }

  /** Kills the first server, and starts it again where it was. */
  async killAndStart() {
    const [{ port }] = this.servers;
    await this.#stop(this.servers[0], 'SIGKILL');
    await this.#startServer(0, port);
  }

  async killRedis() {
    await this.#redis.stop('SIGKILL');
  }

  /** As empty as the first. */
  async startRedisAgain() {
    this.#redis = await startRedis({ port: this.#redis.port });
  }

  /** All servers together. */
  get footprint() {
    const of = (what) => sum(this.servers.map(({ pid }) => what(pid)));
    return { resident: of(resident), peak: of(peakResident), descriptors: of(descriptors) };
  }

  /** In seconds, of all servers and their Redis. */
  get processorTime() {
    const times = this.pids.map(processorTime);
    return { used: sum(times.map((t) => t.used)), waited: sum(times.map((t) => t.waited)) };
  }

  /** Tells all servers to end; resolves to how each did. */
  async stop(signal, patience) {
    const ends = await Promise.all(
      this.servers.map((server) => this.#stop(server, signal, patience)),
    );
    await this.#redis?.stop('SIGKILL');
    return ends;
  }

  #stop(server, signal, patience) {
    server.isToEnd = true;
    return server.stop(signal, patience);
  }

  get logs() {
    return this.#logs.map((log) => log());
  }
}
