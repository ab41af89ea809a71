// nginx, HAProxy and Caddy as docs/proxies has them, but for names, certificates and ports.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, startOnFreePort } from './server.mjs';
import { until } from './wire.mjs';

const sample = (name) => readFile(new URL(`../../../docs/proxies/${name}`, import.meta.url), 'utf8');
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Replaces what must be there. */
function swap(text, changes) {
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the sample has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}

const KINDS = {
  nginx: {
    command: process.env.NGINX ?? '/usr/sbin/nginx', // not in every user's PATH
    arguments: (file, directory) => ['-p', directory, '-c', file, '-e', 'stderr'],
    ready: /using the "\w+" event method/,
    configuration: async (upstream, port, directory) => `
      daemon off;
      master_process off;
      error_log stderr notice;
      pid ${directory}/nginx.pid;
      events {}
      http {
        ${TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
        access_log off;
        ${swap(await sample('nginx.conf'), [
          ['listen 443 ssl', `listen 127.0.0.1:${port}`],
          ['ssl_certificate /etc/ssl/peers.example.com.pem;', ''],
          ['ssl_certificate_key /etc/ssl/peers.example.com.key;', ''],
          ['127.0.0.1:9000', upstream],
        ])}
      }`,
  },
  haproxy: {
    command: process.env.HAPROXY ?? '/usr/sbin/haproxy',
    arguments: (file) => ['-V', '-db', '-f', file],
    ready: /Using epoll/,
    configuration: async (upstream, port) =>
      swap(await sample('haproxy.cfg'), [
        [':443 ssl crt /etc/ssl/peers.example.com.pem', `127.0.0.1:${port}`],
        ['127.0.0.1:9000', upstream],
      ]),
  },
  haproxy_cluster: {
    command: process.env.HAPROXY ?? '/usr/sbin/haproxy',
    arguments: (file) => ['-V', '-db', '-f', file],
    ready: /Using epoll/,
    configuration: async (nodes, port) =>
      swap(await sample('haproxy_cluster.cfg'), [
        [':443 ssl crt /etc/ssl/peers.example.com.pem', `127.0.0.1:${port}`],
        ...nodes.map((node, i) => [
          `10.0.0.${i + 1}:9000 port 9001`,
          `${node.host}:${node.port} port ${node.admin.port}`,
        ]),
      ]),
  },
  caddy: {
    command: process.env.CADDY ?? '/usr/bin/caddy',
    arguments: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
    ready: /serving initial configuration/,
    configuration: async (upstream, port) =>
      `{\n  admin off\n  auto_https off\n}\n` +
      swap(await sample('Caddyfile'), [
        ['peers.example.com {', `http://127.0.0.1:${port} {`],
        ['127.0.0.1:9000', upstream],
      ]),
  },
};

/** Those in front of one server. */
export const PROXIES = ['nginx', 'haproxy', 'caddy'];

/**
 * One process in the foreground, without rights or files outside a directory of its own; `upstream`
 * is a server, or a list of nodes.
 */
export async function startProxy(name, upstream) {
  const kind = KINDS[name];
  const directory = await mkdtemp(join(tmpdir(), `peerjsd-${name}-`));
  const remove = () => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'configuration');
  const start = async (port) => {
    const behind = Array.isArray(upstream) ? upstream : `${upstream.host}:${upstream.port}`;
    await writeFile(file, await kind.configuration(behind, port, directory));
    return launch(name, kind.command, kind.arguments(file, directory), { HOME: directory });
  };
  try {
    const server = await startOnFreePort(start, kind.ready);
    await until(() => listens(server.port), `${name} to listen`);
    const { stop } = server;
    return { ...server, stop: (signal) => stop(signal).finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}
