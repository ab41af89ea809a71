// Starts the servers under test, each as a process of its own on a free port of 127.0.0.1.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { OVER_TLS, commonCertificate } from './dial.mjs';

const HOST = '127.0.0.1';
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
const NPM_PEER = fileURLToPath(new URL('../node_modules/peer/dist/bin/peerjs.js', import.meta.url));
const NPM_PEER_0_2 = fileURLToPath(new URL('npm_peer_0.2.mjs', import.meta.url));

const running = new Set();

// A test file that dies half-way must not leave servers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * The binary is named by the environment variable PEERJSD. It speaks TLS if COMPAT_TLS says so. The
 * port is the system's choice and read from the banner; a `--port` in `args` comes later on the
 * command line and wins.
 */
export async function startPeerjsd(args = [], { env = {} } = {}) {
  const binary = process.env.PEERJSD;
  if (!binary) throw new Error('set PEERJSD to the path of the peerjsd binary');
  const secure = OVER_TLS ? commonCertificate() : undefined;
  const files = secure ? ['--sslcert', secure.cert, '--sslkey', secure.key] : [];
  const server = launch(
    'peerjsd',
    binary,
    ['--port', '0', '--host', HOST, ...files, ...args],
    env,
  );
  server.secure = secure;
  const banner = await started(server, /Started PeerServer on \S+, port: (\d+)/);
  server.port = Number(banner[1]);
  return server;
}

export function startNpmPeer(args = []) {
  return startOnFreePort((port) =>
    launch(
      'peer',
      process.execPath,
      [NPM_PEER, '--port', String(port), '--host', HOST, ...args],
      {},
    ),
  );
}

/** npm peer 0.2.10, the last with XHR streaming. `options` are those of its library. */
export function startNpmPeer02(options = {}) {
  return startOnFreePort((port) => {
    const args = [NPM_PEER_0_2, HOST, String(port), JSON.stringify(options)];
    return launch('peer', process.execPath, args, {});
  });
}

/** The port reaches the server by the environment variable PORT, beside those in `env`. */
export function startFromEnvironment(kind, env) {
  const [command, args] =
    kind === 'peer' ? [process.execPath, [NPM_PEER]] : [process.env.PEERJSD, []];
  return startOnFreePort((port) =>
    launch(kind, command, [...args, '--host', HOST], { ...env, PORT: String(port) }),
  );
}

// Another process may take the port between the look and the start: try again.
export async function startOnFreePort(run, ready = /Started PeerServer on/) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = await run(port);
    server.port = port;
    try {
      await started(server, ready);
      return server;
    } catch (error) {
      if (attempt === 3 || !/EADDRINUSE|in use/.test(server.log())) throw error;
    }
  }
}

/**
 * A port nobody listens on at this moment: below those that the system gives to outgoing
 * connections, one of which might have it a moment later.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    if (await isFree(port)) return port;
  }
}

async function isFree(port) {
  const probe = createServer();
  const listens = await new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => resolve(true));
  });
  if (listens) await new Promise((resolve) => probe.close(resolve));
  return listens;
}

/** Runs peerjsd with arguments that make it end by itself: resolves to { code, signal, log }. */
export async function runToEnd(args) {
  const server = launch('peerjsd', process.env.PEERJSD, args, {});
  const killer = setTimeout(() => server.child.kill('SIGKILL'), START_LIMIT_MS);
  const end = await server.ended;
  clearTimeout(killer);
  return { ...end, log: server.log() };
}

export function launch(kind, command, args, env) {
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let log = '';
  const watchers = new Set();
  const collect = (chunk) => {
    log += chunk;
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);

  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      running.delete(child);
      collect(`${command}: ${error.message}\n`);
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
      for (const watcher of watchers) watcher();
    });
  });

  return {
    kind,
    host: HOST,
    port: 0,
    pid: child.pid,
    child,
    ended,
    log: () => log,
    waitForLog: (pattern, ms = 5_000) => waitForLog(pattern, ms),
    stop: (signal = 'SIGTERM', patience = undefined) => stop(signal, patience),
  };

  function waitForLog(pattern, ms) {
    return new Promise((resolve, reject) => {
      const settle = (action, value) => {
        clearTimeout(timer);
        watchers.delete(look);
        action(value);
      };
      const look = () => {
        const match = log.match(pattern);
        if (match) settle(resolve, match);
        else if (!running.has(child)) {
          settle(reject, new Error(`${kind} ended before it printed ${pattern}:\n${log}`));
        }
      };
      const timer = setTimeout(() => {
        settle(reject, new Error(`${kind} did not print ${pattern} within ${ms} ms:\n${log}`));
      }, ms);
      watchers.add(look);
      look();
    });
  }

  // npm peer outlives SIGTERM while clients are connected, hence the second, harder signal.
  async function stop(signal, patience = kind === 'peer' ? 200 : STOP_LIMIT_MS) {
    if (!running.has(child)) return ended;
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), patience);
    const end = await ended;
    clearTimeout(killer);
    return end;
  }
}

async function started(server, pattern) {
  try {
    return await server.waitForLog(pattern, START_LIMIT_MS);
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
}

// Both servers take options from the environment; those of the caller's shell are not meant.
function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (name.startsWith('PEERJSD_') || name === 'PORT' || name === 'PEERSERVER_PATH')
      delete env[name];
  }
  return env;
}
