// Counts the instructions that the server executes in user space per relayed message, by callgrind.
// Other work on the machine hardly changes them, unlike any time. Fails if they are more than a tenth above
// what instructions.json records.
//
// Usage: node instructions.mjs <build folder>

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TOLERANCE = 1.1;
const PAIRS = '20';
const FEW = 1_100;
const MANY = 5_500;

const build = process.argv[2];
const recorded = JSON.parse(readFileSync(new URL('instructions.json', import.meta.url), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'peerjsd-instructions-'));

/** Resolves to how many messages were relayed, and the instructions of the server's whole life. */
async function count(inFlight, messages) {
  const out = join(directory, `${inFlight}-${messages}`);
  const server = spawn(
    'valgrind',
    [
      ...['--quiet', '--tool=callgrind', `--callgrind-out-file=${out}`, join(build, 'peerjsd')],
      ...['--host', '127.0.0.1', '--port', '0', '--message_rate', '100000000'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const port = await new Promise((resolve, reject) => {
      let log = '';
      server.stdout.on('data', (chunk) => {
        log += chunk;
        const banner = log.match(/Started PeerServer on \S+, port: (\d+)/);
        if (banner) resolve(banner[1]);
      });
      ended.then((code) => reject(new Error(`the server has ended with ${code}: ${log}`)));
    });
    const load = [
      ...['--port', port, '--process', String(server.pid), '--pairs', PAIRS],
      ...['--in-flight', inFlight, '--messages', String(messages)],
    ];
    const { stdout } = await promisify(execFile)(join(build, 'bench_relay'), load);
    server.kill('SIGTERM');
    await ended;
    const total = readFileSync(out, 'utf8').match(/^(?:totals|summary): (\d+)/m);
    return { messages: JSON.parse(stdout).messages, instructions: Number(total[1]) };
  } finally {
    server.kill('SIGKILL');
  }
}

let failed = false;
try {
  for (const [inFlight, limit] of Object.entries(recorded)) {
    // What the start costs, and the connections, is in both and falls out.
    const few = await count(inFlight, FEW);
    const many = await count(inFlight, MANY);
    const more = many.messages - few.messages;
    const each = Math.round((many.instructions - few.instructions) / more);
    const verdict = each <= limit * TOLERANCE ? 'ok' : 'too many';
    failed ||= verdict !== 'ok';
    console.log(`${inFlight} in flight: ${each} instructions per message, ${limit} recorded: ${verdict}`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
