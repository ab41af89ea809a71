// docker/compose.yaml without Docker: its three programs in a network of their own, with the
// arguments, the environment and the Caddyfile that it gives them.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AS_WEBSOCKET } from '../support/curl.mjs';
import { imageEnvironment, read, readCompose } from '../support/manifest.mjs';
import { makeNetwork, noNetworks } from '../support/network.mjs';

// For this name Caddy makes a certificate itself.
const DOMAIN = 'localhost';
const TURN_PASSWORD = '4be2f9a1c0d7';
const PUBLIC = '203.0.113.1';
const CLIENT = '198.51.100.7';
const [PEERJSD, CADDY] = ['172.18.0.2', '172.18.0.3'];

const { services, volumes } = readCompose('docker/compose.yaml', { DOMAIN, TURN_PASSWORD });

const directory = mkdtempSync(join(tmpdir(), 'peerjsd-compose-'));
const authority = join(directory, 'caddy/pki/authorities/local/root.crt');
let network;
let peerjsd;

const env = (variables) => Object.entries(variables).map(([name, value]) => `${name}=${value}`);

function startPeerjsd() {
  const { command } = services.peerjsd;
  return network.enter('peerjsd', 'env', ...env(imageEnvironment()), process.env.PEERJSD, ...command);
}

async function startCaddy() {
  const { environment } = services.caddy;
  const file = join(directory, 'Caddyfile');
  // A container has trusted authorities of its own; this machine's are to stay as they are.
  writeFileSync(file, `{\n  skip_install_trust\n}\n${read('docker/Caddyfile')}`);
  const own = env({ ...environment, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory });
  const run = ['caddy', 'run', '--adapter', 'caddyfile', '--config', file];
  await network.enter('caddy', 'env', ...own, ...run).waitForLog(/serving initial config/, 20_000);
}

async function startCoturn() {
  // A container has no configuration file, and files of its own.
  const files = ['-n', `--userdb=${directory}/turndb`, `--pidfile=${directory}/turn.pid`];
  const run = ['stdbuf', '-oL', 'turnserver', ...services.coturn.command, ...files];
  await network.enter('turnserver', ...run).waitForLog(/DB connection success/, 20_000);
}

/** What curl prints of the site, asked from elsewhere. */
function ask(path, ...more) {
  const curl = ['curl', '-sSN', '--interface', CLIENT, '--cacert', authority, ...more];
  return network.enter('curl', ...curl, `https://${DOMAIN}${path}`);
}

/** A client of TURN that sends some messages to `where`; resolves to what it prints. */
async function turn(password, ...where) {
  const user = ['-u', 'peer', '-w', password];
  const messages = ['-n', '2', '-m', '1'];
  const run = ['stdbuf', '-oL', 'turnutils_uclient', ...user, ...messages, ...where, PUBLIC];
  const client = network.enter('turnutils_uclient', ...run);
  await client.waitForLog(/Total lost packets|Forbidden|Cannot complete/, 20_000);
  await client.stop('SIGKILL');
  return client.log();
}

describe('docker/compose.yaml', { skip: noNetworks() }, () => {
  before(async () => {
    const hosts = join(directory, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost\n${PEERJSD} peerjsd\n${CADDY} caddy\n`);
    const inside = [PEERJSD, CADDY, PUBLIC, CLIENT].map((address) => `${address}/24`);
    network = await makeNetwork({ addresses: inside, hosts });
    peerjsd = startPeerjsd();
    await peerjsd.waitForLog(/Started PeerServer on ::, port: 9000/, 20_000);
  });

  after(async () => {
    await network?.stop();
    rmSync(directory, { recursive: true });
  });

  test('the image is that of this project, and Caddy has its file and its volume', () => {
    assert.deepEqual(services.peerjsd.build, { context: '..', dockerfile: 'docker/Dockerfile' });
    assert.deepEqual(services.caddy.volumes, [
      './Caddyfile:/etc/caddy/Caddyfile:ro',
      'caddy_data:/data',
    ]);
    assert.ok('caddy_data' in volumes);
    for (const { restart } of Object.values(services)) assert.equal(restart, 'unless-stopped');
  });

  test('a drain is over before Docker kills', async () => {
    const help = network.run(process.env.PEERJSD, '--help').toString();
    const [, drain] = help.match(/--drain_timeout[^]*?default: (\d+)/);
    assert.ok(Number.parseInt(services.peerjsd.stop_grace_period, 10) * 1000 > Number(drain));
  });

  test('Caddy brings TLS, and the addresses of clients', async () => {
    await startCaddy();
    const id = ask('/peerjs/id', '--retry', '5', '--retry-all-errors');
    assert.equal((await id.ended).code, 0, id.log());
    assert.match(id.log(), /^[0-9a-f-]{36}$/);
    const stream = ask('/peerjs/a/token/id', '-X', 'POST');
    await stream.waitForLog(/"OPEN"/);
    await peerjsd.waitForLog(/Client connected: a \(198\.51\.100\.7[,)]/);
    const socket = ask('/peerjs?key=peerjs&id=b&token=token', ...AS_WEBSOCKET);
    await socket.waitForLog(/^HTTP\/1\.1 101 [^]*\r\n\r\n[^]*\{"type":"OPEN"\}/);
    await peerjsd.waitForLog(/Client connected: b \(198\.51\.100\.7[,)]/);
  });

  test('coturn relays for who has the password, and only to what is public', async () => {
    await startCoturn();
    assert.match(await turn('wrong', '-y'), /Cannot complete Allocation/);
    assert.match(await turn(TURN_PASSWORD, '-y'), /Total lost packets 0 /);
    const inside = [PEERJSD, '127.0.0.1', '10.1.2.3', '100.64.1.1', '169.254.169.254', '192.168.1.1'];
    await Promise.all(
      inside.map(async (address) => {
        assert.match(await turn(TURN_PASSWORD, '-e', address), /403 \(Forbidden IP\)/, address);
      }),
    );
  });
});
