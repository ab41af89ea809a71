// Runs the programs of this folder against peerjsd and npm peer 1.0.2, in turn, each time on a fresh
// server, and prints one table of medians and ratios. With --beside FILE it measures another build of
// peerjsd, say one from before a change, instead of npm peer. See docs/performance.md.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { makeCertificate } from '../tests/compat/support/dial.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BUILD = here('../build/release/');
const NPM_PEER = here('../tests/compat/node_modules/peer/dist/bin/peerjs.js');

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    beside: { type: 'string' },
    json: { type: 'string', default: join(BUILD, 'bench.json') },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
const milliseconds = options.quick ? '500' : '1000';
const many = options.quick ? '5000' : '10000';
const NPM = 'npm peer';
const OTHER = options.beside ? `beside: ${options.beside}` : NPM;
const BOTH = ['peerjsd', OTHER];

// What is measured: a program with its arguments, and what of its result is told.
const questions = [
  relay('relayed message, one at a time', '1'),
  relay('relayed message, 16 at a time', '16'),
  relay('relayed message, 64 at a time', '64'),
  {
    program: 'relay',
    args: ['--in-flight', '1', '--idle', options.quick ? '5000' : '15000', '--milliseconds', milliseconds],
    figures: [['relayed message beside many idle peers', 'cpu_us_per_message', 'µs CPU']],
    npmCannot: true,
  },
  {
    program: 'idle',
    args: ['--peers', many],
    figures: [
      [`handshake, ${many} peers`, 'cpu_us_per_handshake', 'µs CPU'],
      [`idle peer, of ${many}`, 'bytes_per_peer', 'bytes'],
      [`heartbeat, ${many} peers`, 'cpu_us_per_heartbeat', 'µs CPU'],
      ['at start', 'resident_at_start', 'bytes'],
      ['when all have gone', 'resident_after_all_have_gone', 'bytes'],
    ],
  },
  {
    program: 'churn',
    args: options.quick ? ['--peers', '1000', '--rounds', '2'] : ['--peers', '4000', '--rounds', '4'],
    figures: [
      ['peer that comes and goes', (result) => median(result.cpu_us_per_cycle), 'µs CPU'],
      ['memory after the first round', (result) => result.resident_after_round[0], 'bytes'],
      ['memory after the last round', (result) => result.resident_after_round.at(-1), 'bytes'],
    ],
  },
  {
    program: 'absent',
    args: ['--callers', options.quick ? '500' : '2000'],
    figures: [
      ['message to an absent peer', 'cpu_us_per_message', 'µs CPU'],
      ['message that waits', 'bytes_per_message', 'bytes'],
      ['EXPIRE, of 5 s', 'seconds_to_expire_median', 's'],
    ],
  },
  {
    program: 'start',
    args: [],
    figures: [['start to first connection', 'start_ms', 'ms']],
  },
  {
    program: 'streams',
    args: ['--streams', options.quick ? '500' : '2000'],
    figures: [
      ['idle XHR stream', 'bytes_per_stream', 'bytes'],
      ['message on an XHR stream', 'cpu_us_per_line', 'µs CPU'],
    ],
    npmCannot: true,
  },
  {
    program: 'tokens',
    args: [],
    figures: ['HS256', 'RS256', 'ES256', 'EdDSA'].map((algorithm) => [
      `signed token, ${algorithm}`,
      (result) => result.cpu_us_per_token[algorithm],
      'µs CPU',
    ]),
    hasNoServer: true,
  },
  relay('relayed message over TLS, one at a time', '1', true),
  relay('relayed message over TLS, 16 at a time', '16', true),
  {
    program: 'idle',
    args: ['--peers', '2000', '--tls'],
    tls: true,
    figures: [
      ['handshake over TLS', 'cpu_us_per_handshake', 'µs CPU'],
      ['idle peer over TLS, of 2000', 'bytes_per_peer', 'bytes'],
      ['when all have gone, with TLS', 'resident_after_all_have_gone', 'bytes'],
    ],
  },
];

if (!options.quick) {
  for (const peers of ['1000', '5000', '15000']) {
    questions.push({
      program: 'idle',
      args: ['--peers', peers],
      figures: [
        [`idle peer, of ${peers}`, 'bytes_per_peer', 'bytes'],
        [`heartbeat, ${peers} peers`, 'cpu_us_per_heartbeat', 'µs CPU'],
      ],
    });
  }
  questions.push({
    program: 'idle',
    args: ['--peers', '10000', '--seconds', '20'],
    figures: [['10000 peers that heartbeat every 5 s', 'cpu_ms_per_second', 'ms CPU per s']],
  });
}

function relay(name, inFlight, tls = false) {
  return {
    program: 'relay',
    args: ['--in-flight', inFlight, '--milliseconds', milliseconds, ...(tls ? ['--tls'] : [])],
    tls,
    figures: [[name, 'cpu_us_per_message', 'µs CPU']],
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// The server on one processor, the load on another: neither counts the other's waiting.
function pinned(processor, command) {
  return cpus().length < 2 ? command : ['taskset', '-c', String(processor), ...command];
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The command line of a server; with the files of a certificate, if it is to speak TLS. */
function commandOf(kind, port, certificate = []) {
  const common = ['--host', '127.0.0.1', '--port', port, '--concurrent_limit', '100000', ...certificate];
  if (kind === NPM) return [process.execPath, NPM_PEER, ...common];
  const program = kind === 'peerjsd' ? join(BUILD, 'peerjsd') : options.beside;
  return [program, ...common, '--message_rate', '100000000']; // counted all the same
}

/** As options for either server. */
function certificateOptions(directory) {
  const { cert, key } = makeCertificate(directory);
  return ['--sslcert', cert, '--sslkey', key];
}

async function startServer(kind, directory, certificate) {
  const port = String(await freePort());
  const log = join(directory, 'log');
  const out = openSync(log, 'w');
  const giveUp = performance.now() + 20_000;
  const [file, ...args] = pinned(0, commandOf(kind, port, certificate));
  const child = spawn(file, args, { stdio: ['ignore', out, out] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!(await accepts(Number(port)))) {
    if (child.exitCode !== null || performance.now() > giveUp) {
      child.kill('SIGKILL');
      throw new Error(`${kind} does not start: ${readFileSync(log, 'utf8')}`);
    }
  }
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { port, pid: String(child.pid), stop };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function result(file, args) {
  const { stdout } = await promisify(execFile)(file, args, { timeout: 180_000 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function run(question, kind, directory) {
  const program = join(BUILD, `bench_${question.program}`);
  if (question.hasNoServer) {
    const [file, ...args] = pinned(1, [program, ...question.args]);
    return result(file, args);
  }
  if (question.program === 'start') {
    const port = String(await freePort());
    return result(program, [port, ...pinned(0, commandOf(kind, port))]);
  }
  const server = await startServer(kind, directory, question.tls ? certificateOptions(directory) : []);
  try {
    const args = ['--port', server.port, '--process', server.pid, ...question.args];
    const [file, ...rest] = pinned(1, [program, ...args]);
    return await result(file, rest);
  } finally {
    await server.stop();
  }
}

function shown(value, unit) {
  if (value === undefined) return '';
  if (unit === 'bytes' && value > 1e5) return `${(value / 1e6).toFixed(2)} MB`;
  return `${value.toFixed(value < 100 ? 2 : 0)} ${unit}`;
}

function tell(rows) {
  const cells = [['', ...BOTH, 'ratio']];
  for (const row of rows) {
    const [ours, theirs] = BOTH.map((kind) => row[kind]);
    const ratio = ours !== undefined && theirs !== undefined ? (ours / theirs).toFixed(3) : '';
    cells.push([row.figure, shown(ours, row.unit), shown(theirs, row.unit), ratio]);
  }
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd();
  console.log(cells.map(line).join('\n'));
}

const directory = mkdtempSync(join(tmpdir(), 'peerjsd-bench-'));
const results = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const question of questions) {
      const isOurs = question.hasNoServer || (question.npmCannot && OTHER === NPM);
      for (const kind of isOurs ? ['peerjsd'] : BOTH) {
        console.error(`round ${round} of ${rounds}: ${question.program} ${question.args.join(' ')}, ${kind}`);
        results.push({ question, kind, result: await run(question, kind, directory) });
      }
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

const rows = questions.flatMap((question) =>
  question.figures.map(([figure, value, unit]) => {
    const row = { figure, unit };
    for (const kind of BOTH) {
      const of = results.filter((one) => one.question === question && one.kind === kind);
      const values = of.map(({ result }) => (typeof value === 'string' ? result[value] : value(result)));
      if (values.length > 0) row[kind] = median(values);
    }
    return row;
  }),
);
tell(rows);
const raw = results.map(({ question, kind, result }) => ({
  program: question.program,
  args: question.args,
  server: kind,
  result,
}));
writeFileSync(options.json, `${JSON.stringify({ rounds, medians: rows, runs: raw }, null, 2)}\n`);
console.log(`\nMedians of ${rounds} rounds; every run is in ${options.json}`);
