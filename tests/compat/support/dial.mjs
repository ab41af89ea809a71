// How to reach a server: plainly, or by TLS if it was started with COMPAT_TLS=1, which runs the
// suites as they are over TLS.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

export const OVER_TLS = process.env.COMPAT_TLS === '1';

const LOCAL = 'DNS:localhost,IP:127.0.0.1';

/** Makes a certificate for these hosts, and its key: { cert, key }, names of files. */
export function makeCertificate(directory, name = 'server', hosts = LOCAL) {
  const cert = path.join(directory, `${name}.pem`);
  const key = path.join(directory, `${name}.key`);
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  args.push('-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`);
  args.push('-addext', `subjectAltName=${hosts}`);
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
  return { cert, key };
}

/** A directory that goes with this process. */
export function temporaryDirectory() {
  const directory = mkdtempSync(path.join(tmpdir(), 'peerjsd-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes a file there, or puts it in the place of one that is watched, in one step; its path. */
export function putFile(directory, name, text) {
  const file = path.join(directory, name);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return file;
}

let files;

/** The certificate of all servers of this process. */
export function commonCertificate() {
  files ??= makeCertificate(temporaryDirectory());
  return files;
}

/** Options by which Node trusts `server`. */
export function trust(server) {
  return server.secure ? { ca: readFileSync(server.secure.cert) } : {};
}

/** A TCP connection to the server, inside of TLS if it speaks that. */
export function dial(server) {
  const socket = net.connect(server.port, server.host);
  if (!server.secure) return socket;
  socket.setNoDelay(true);
  const secured = tls.connect({ socket, host: server.host, ...trust(server) });
  // In Node 18 neither ends the other.
  const end = (how) => (error) => {
    tls.TLSSocket.prototype.destroy.call(secured, error);
    socket[how]();
    return secured;
  };
  secured.destroy = end('destroy');
  secured.resetAndDestroy = end('resetAndDestroy');
  return secured;
}

/** Node's module for requests to the server. */
export const httpOf = (server) => (server.secure ? https : http);

/** For one request after the other on one connection. */
export const keepAliveAgent = (server) =>
  new (httpOf(server).Agent)({ keepAlive: true, maxSockets: 1, ...trust(server) });

/** The beginning of a URL: `scheme` is http or ws. */
export const origin = (server, scheme) =>
  `${scheme}${server.secure ? 's' : ''}://${server.host}:${server.port}`;
