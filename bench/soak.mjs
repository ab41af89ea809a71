// Soaks peerjsd: well-behaved peers call each other, at first alone, then after the server has been
// killed and started again, then while others attack it. With --nodes there are several servers that
// a Redis joins, peers call each other across them, and Redis is killed as well; that one of three
// servers is killed is not to be noticed on the others. Prints what must hold and what was found; ends
// with 1 if something did not hold. scripts/soak builds what it needs.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { get, until } from '../tests/compat/support/wire.mjs';
import { Callers } from './soak/callers.mjs';
import { processorTime } from './soak/process.mjs';
import { Report } from './soak/report.mjs';
import { Scope } from './soak/scope.mjs';
import { Site } from './soak/site.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '180' }, // about; it takes 75 at least
    nodes: { type: 'string', default: '1' }, // servers; several: a cluster
    pairs: { type: 'string', default: '1000' }, // of well-behaved peers
    rate: { type: 'string', default: '4' }, // messages that each of them sends in a second
    returning: { type: 'string', default: '50' }, // peers that come and go, and one each that stays
    'memory-margin': { type: 'string', default: '2' }, // MiB, for each server
    'latency-bound': { type: 'string', default: '1000' }, // ms
    'own-network': { type: 'boolean', default: false }, // this process may cut addresses off
    json: { type: 'string', default: here('../build/release/soak.json') },
    log: { type: 'string', default: here('../build/release/soak.log') }, // the server's
  },
});
const seconds = Number(options.seconds);
const nodes = Number(options.nodes);
const margin = nodes * Number(options['memory-margin']) * 2 ** 20;
const latencyBound = Number(options['latency-bound']);
process.env.PEERJSD ??= here('../build/release/peerjsd');

// Of the server, in ms; short, so that each runs out often.
const timing = {
  expire_timeout: 3000,
  alive_timeout: 10_000,
  ping_interval: 4000,
  leave_grace: 6000,
  request_timeout: 4000,
  flood_timeout: 4000,
  drain_timeout: 3000,
};
const limits = { concurrent_limit: 2 * Number(options.pairs) + 5000, message_rate: 100 };
const flags = Object.entries({ ...timing, ...limits });
const REDIS_AWAY_MS = 1000;
const SETTLED_MS = timing.leave_grace + timing.expire_timeout + 1000;

// Until all has settled, twice, and the end take the rest. Each attack needs to get through.
const share = (part, least) => Math.max(least, (seconds - 35) * part);

const report = new Report();
const cancel = new AbortController();
const args = flags.flatMap(([name, value]) => [`--${name}`, String(value)]);
const site = new Site(nodes, args);
let callers;

const MB = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const percent = (part) => `${(part * 100).toFixed(0)} %`;
const progress = (text) => console.error(`${process.uptime().toFixed(0).padStart(4)} s: ${text}`);

/** Resolves as `work` does, unless a server or the well-behaved fail meanwhile. */
const alongside = (work) => Promise.race([work, callers.fault, site.fall]);

const tell = (order) => alongside(callers.tell(order));

/** While `meanwhile` goes on: latencies, and how long server and load ran and waited. */
async function measure(meanwhile) {
  const times = () => [site.processorTime, processorTime(callers.pid)];
  await tell('tell');
  const [before, begin] = [times(), performance.now()];
  const other = await alongside(meanwhile);
  const took = (performance.now() - begin) / 1000;
  const after = times();
  const parts = (of) => after.map((time, i) => (time[of] - before[i][of]) / took);
  return { ...(await tell('tell')), took, used: parts('used'), waited: parts('waited'), other };
}

/** How many messages come in so many seconds, if all are there; what is under way comes later. */
const expected = (took) =>
  Math.floor(0.9 * 2 * Number(options.pairs) * Number(options.rate) * took);

/** 99 % of the messages have to be in time, or with `slowest`, in ms, all of them by that. */
function judge(phase, measured, { slowest } = {}) {
  const { messages, p50_ms, p99_ms, max_ms, took, used, waited } = measured;
  const least = expected(took);
  const what = `each once, in order; ${least} at least`;
  report.add(`${phase}: messages of the well-behaved`, messages, what, messages >= least);
  const latencies = [p50_ms, p99_ms, max_ms].map(ms).join(', ');
  const bound = slowest ? `all: at most ${slowest} ms` : `99 %: at most ${latencyBound} ms`;
  const isInTime = slowest ? max_ms <= slowest : p99_ms <= latencyBound;
  report.add(`${phase}: latency: 50 %, 99 %, all`, latencies, bound, isInTime);
  report.figures[phase] = { messages, p50_ms, p99_ms, max_ms, used, waited };
  const shown = [...used, ...waited].map(percent);
  report.add(`${phase}: server and load ran, of the time`, shown.slice(0, 2).join(', '));
  report.add(`${phase}: and waited for a processor`, shown.slice(2).join(', '));
}

/** What was under way when all went. */
function judgeLast({ messages, max_ms }) {
  const bound = `at most ${latencyBound} ms`;
  report.add('the last messages', `${messages}, the last after ${ms(max_ms)}`, bound, max_ms <= latencyBound);
}

async function run(file, niceness, order) {
  const place = { ports: site.ports, timing, ...order };
  const command = [process.execPath, here(`soak/${file}`), JSON.stringify(place)];
  const nice = ['-n', String(niceness), ...command];
  const { stdout } = await promisify(execFile)('nice', nice, { signal: cancel.signal });
  return JSON.parse(stdout);
}

/** Everybody else, for so long. */
async function others(duration) {
  const crowd = { victims: Number(options.pairs), ownNetwork: options['own-network'] };
  const [attackers, returning] = await Promise.all([
    // Latencies shall be those of the server, not of a processor that it has to share with them.
    run('attackers.mjs', 5, { seconds: duration, ...crowd }),
    run('returning.mjs', 0, { seconds: duration, pairs: Number(options.returning) }),
  ]);
  tellFailures(attackers.broken);
  tellFailures(returning.broken);
  return { attacks: attackers.attacks, returning };
}

function judgeOthers({ attacks, returning }) {
  for (const { title, rounds, skipped } of attacks) {
    const name = `attack: ${title}`;
    if (skipped) report.add(name, `skipped: ${skipped}`);
    else report.add(name, `${rounds} rounds`, 'each answered as it must be', rounds > 0);
  }
  report.figures.others = { attacks, returning };
  const { messages, returns, expired, EXPIRE } = returning;
  report.add(
    `${options.returning} peers that return, ${returns} times`,
    `${messages - expired} messages came, ${expired} expired (EXPIRE: ${EXPIRE})`,
    'each once, in order, or expired',
    returns > 0,
  );
}

/** Of those that differ only in numbers, one. */
function tellFailures(broken) {
  const kinds = new Map();
  for (const problem of broken) {
    const kind = problem.replaceAll(/\d+/g, '');
    kinds.set(kind, [...(kinds.get(kind) ?? []), problem]);
  }
  for (const [first, ...more] of kinds.values()) {
    report.fail(more.length > 0 ? `${first} (and ${more.length} more like it)` : first);
  }
}

/** What the servers have when nobody is there any more. */
async function footprint(before) {
  const isBack = () => site.footprint.descriptors === before.descriptors;
  await until(isBack, '', 20_000).catch(() => {});
  await alongside(sleep(SETTLED_MS));
  return site.footprint;
}

/** Who is on other nodes, and so is his partner, does not notice. */
async function killOneNode() {
  await tell('part');
  await tell('tell');
  const begin = performance.now();
  await alongside(site.killAndStart());
  await alongside(sleep(2_000));
  const took = (performance.now() - begin) / 1000;
  const { messages, p99_ms } = await tell('tell');
  const least = Math.floor((expected(took) * (nodes - 2)) / nodes);
  const name = 'a node is killed: messages between the others';
  report.add(name, messages, `each once, in order; ${least} at least`, messages >= least);
  const bound = `99 %: at most ${latencyBound} ms`;
  report.add(`${name}: latency`, ms(p99_ms), bound, p99_ms <= latencyBound);
}

async function killAndReturn() {
  if (nodes > 2) {
    await killOneNode();
  } else {
    await tell('lose');
    await site.killAndStart();
  }
  const { peers, seconds: took } = await tell('come');
  const back = `${peers} peers were back ${took.toFixed(2)} s later`;
  report.add('SIGKILL, and a start', back, 'all', true);
}

/** What is sent meanwhile comes later, and once. */
async function loseRedis() {
  const phase = 'Redis is killed, and comes back empty';
  progress(phase);
  const outage = (async () => {
    await sleep(2_000);
    await site.killRedis();
    await sleep(REDIS_AWAY_MS);
    await site.startRedisAgain();
    await sleep(share(0.1, 8) * 1000);
  })();
  const measured = await measure(outage);
  judge(phase, measured, { slowest: REDIS_AWAY_MS + latencyBound });
}

function judgeFootprint(before, warm, end) {
  const { peak } = end;
  report.figures.footprint = { before, warm, end, peak };
  report.add('memory: at start', MB(before.resident));
  report.add('memory: peak', MB(peak));
  report.add('memory: all gone after the warm-up', MB(warm.resident));
  const bound = warm.resident + margin;
  const isBack = end.resident <= bound;
  report.add('memory: all gone at the end', MB(end.resident), `at most ${MB(bound)}`, isBack);
  const counts = [before, warm, end].map((each) => each.descriptors);
  const same = counts.every((count) => count === counts[0]);
  report.add('descriptors: start, warm-up, end', counts.join(', '), 'the same', same);
}

/** With everybody connected, and some who answer nothing. */
async function terminate() {
  await tell('come');
  const scope = new Scope(site.servers[0]);
  for (let i = 0; i < 10; i += 1) {
    (await scope.mute('mute')).socket.pause();
    await scope.stream('stream');
    scope.connection();
  }
  await tell('lose');
  const begin = performance.now();
  const ends = await site.stop('SIGTERM', 3 * timing.drain_timeout);
  const took = performance.now() - begin;
  const bound = timing.drain_timeout + 1000;
  report.add(
    'SIGTERM with all connected',
    `${ends.map(({ code, signal }) => signal ?? `exit code ${code}`)} after ${(took / 1000).toFixed(2)} s`,
    `0 within ${bound / 1000} s`,
    ends.every(({ code }) => code === 0) && took <= bound,
  );
  scope.end();
}

function judgeLog() {
  const lines = site.logs.flatMap((log) => log.replace(/^Started[^]*?\}\);\n/m, '').split('\n'));
  const harmless =
    /^($|\d{4}-\d\d-\d\dT\S+ (trace|debug|info|warning|error Cluster: Redis at .* cannot be reached:) )/;
  const bad = lines.filter((line) => !harmless.test(line));
  const counts = `${lines.length} lines, ${bad.length} of them errors`;
  report.add('log', counts, 'no error', bad.length === 0);
  tellFailures(bad);
  writeFileSync(options.log, lines.join('\n'));
}

async function soak() {
  await site.start();
  const before = site.footprint;
  callers = new Callers(here('../build/release/bench_soak'), [
    ...['--port', String(site.ports[0]), '--process', String(site.pids[0])],
    ...site.ports.slice(1).flatMap((port) => ['--other-port', String(port)]),
    ...['pairs', 'rate'].flatMap((name) => [`--${name}`, options[name]]),
  ]);
  const { peers } = await tell('come');
  progress(`${peers} peers signal each other, nobody disturbs`);
  judge('quiet', await measure(sleep(share(0.2, 5) * 1000)));

  if (site.isCluster) await loseRedis();

  progress('a server is killed and started again');
  await killAndReturn();
  progress('warm-up: everybody comes, everybody goes');
  await alongside(others(share(0.25, 15)));
  await tell('go');
  const warm = await footprint(before);

  progress('the others attack');
  await tell('come');
  const attacked = await measure(others(share(0.55, 20)));
  judge('attack', attacked);
  judgeOthers(attacked.other);
  await tell('go');
  judgeLast(await tell('tell'));
  const end = await footprint(before);
  judgeFootprint(before, warm, end);

  progress('the end');
  const { status } = await get(site.servers[0], '/');
  report.add('GET / at the end', status, 200, status === 200);
  await terminate();
}

report.add('load of the machine before', loadavg()[0].toFixed(2));
try {
  await soak();
} catch (error) {
  report.fail(error.message);
  await Promise.race([site.fall, sleep(1000)]).catch((fall) => report.fail(fall.message));
}
cancel.abort();
callers?.stop();
await site.stop('SIGKILL');
report.add('load of the machine after', loadavg()[0].toFixed(2));
judgeLog();
report.print();
writeFileSync(options.json, `${JSON.stringify({ options, ...report.toJSON() }, null, 2)}\n`);
console.log(`\nAll of it is in ${options.json}, the server's log in ${options.log}`);
process.exit(report.broken.length === 0 ? 0 : 1);
