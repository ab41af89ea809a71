// A real Prometheus scrapes the server, takes the alert rules, and has an answer to whatever the
// dashboard asks.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBackend } from '../support/backend.mjs';
import { startNode, startRedis } from '../support/cluster.mjs';
import { commonCertificate } from '../support/dial.mjs';
import { launch, startOnFreePort } from '../support/server.mjs';
import { OPEN, Peer, until } from '../support/wire.mjs';

const config = (file) => fileURLToPath(new URL(`../../../config/${file}`, import.meta.url));
const dashboard = JSON.parse(readFileSync(config('peerjsd_dashboard.json'), 'utf8'));

const directory = mkdtempSync(join(tmpdir(), 'peerjsd-prometheus-'));
let redis;
let backend;
let server;
let prometheus;

before(async () => {
  // With TLS, in a cluster, and with a service, for there are metrics only with these.
  const secure = commonCertificate();
  redis = await startRedis();
  backend = await startBackend();
  const tls = ['--sslcert', secure.cert, '--sslkey', secure.key];
  const { url } = backend;
  const hooks = ['--auth_url', url, '--event_url', url, '--hook_secret', 'x'.repeat(32)];
  server = await startNode(redis.url, [...tls, ...hooks]);
  server.secure = secure;
  const file = join(directory, 'prometheus.yml');
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [config('peerjsd_alerts.yml')],
    scrape_configs: [
      { job_name: 'peerjsd', static_configs: [{ targets: [`127.0.0.1:${server.admin.port}`] }] },
    ],
  };
  writeFileSync(file, JSON.stringify(settings)); // which is YAML as well
  prometheus = await startOnFreePort(
    (port) =>
      launch(
        'prometheus',
        'prometheus',
        [
          `--config.file=${file}`,
          `--storage.tsdb.path=${directory}/data`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        {},
      ),
    /Server is ready to receive web requests/,
  );
});

after(async () => {
  await prometheus?.stop();
  await server?.stop();
  await redis?.stop();
  await backend?.stop();
  rmSync(directory, { recursive: true });
});

async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  const response = await fetch(`http://127.0.0.1:${prometheus.port}/api/v1/${path}?${query}`);
  const { status, data, error } = await response.json();
  assert.equal(status, 'success', `${parameters.query}: ${error}`);
  return data;
}

async function value(query) {
  const { result } = await ask('query', { query });
  return result[0]?.value[1];
}

test('it scrapes the server', async () => {
  const peers = ['a', 'b'].map((id) => new Peer(server, { id }));
  for (const peer of peers) await peer.expect(OPEN);
  await until(async () => (await value('sum(peerjsd_peers)')) === '2', 'two peers seen', 15_000);
  assert.equal(await value('up{job="peerjsd"}'), '1');
  for (const peer of peers) peer.lose();
});

test('it takes the alert rules, and none fires', async () => {
  const { groups } = await ask('rules');
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 7);
  await until(
    async () => (await ask('rules')).groups.flatMap((group) => group.rules).every(({ health }) => health === 'ok'),
    'every rule evaluated',
    15_000,
  );
  const { alerts } = await ask('alerts');
  assert.deepEqual(
    alerts.filter(({ state }) => state === 'firing'),
    [],
  );
});

/** Asks for each selector of an expression alone, so that it names a metric and labels there are. */
async function checkSelectors(expression) {
  const selectors = expression.match(/\b(?:peerjsd|process)_\w+(?:\{[^}]*\})?/g);
  assert.ok(selectors, expression);
  for (const selector of selectors) {
    const { result } = await ask('query', { query: selector });
    assert.ok(result.length > 0, `${selector}, which ${expression} asks for`);
  }
}

test('the alert rules look at metrics that there are', async () => {
  const { groups } = await ask('rules');
  const expressions = groups.flatMap(({ rules }) => rules.map(({ query }) => query));
  for (const expression of expressions) {
    if (!/^up\b/.test(expression)) await checkSelectors(expression);
  }
});

/** What Grafana puts in for its variables. */
const filledIn = (expression) =>
  expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__interval', '1m')
    .replaceAll('$instance', '.*')
    .replaceAll('$job', '.*');

test('the dashboard asks what it understands, for metrics that there are', async () => {
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.annotations.list.map(({ expr }) => expr),
  ].map(filledIn);
  assert.ok(expressions.length > 20);
  for (const expression of expressions) {
    await ask('query', { query: expression });
    await checkSelectors(expression);
  }
});
