// The operator's own service, which the server asks and tells: node:http, as an application has it.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { until } from './wire.mjs';

/** Never an answer. */
export const hang = () => new Promise(() => {});

/** An end without an answer. */
export const RESET = Symbol('reset');

/**
 * Keeps all that it is asked in `asked` ({ json, headers, body, url, connection }), and answers what
 * `answer` makes of it: { status, json | text, headers }, or a promise of that; by default 200 and
 * nothing. `secure`: { cert, key }. On `port`, if another was there before.
 */
export async function startBackend(answer = () => ({}), options = {}) {
  const { host = '127.0.0.1', port = 0, secure } = options;
  const backend = { answer, asked: [] };
  const sockets = new Set();
  const serve = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { url, headers, socket } = request;
    const asked = { json: JSON.parse(body), headers, body, url, connection: socket.remotePort };
    backend.asked.push(asked);
    const answer = (await backend.answer(asked.json, asked)) ?? {};
    if (answer === RESET) return socket.destroy();
    const { status = 200, json, text, headers: more } = answer;
    response.writeHead(status, more).end(json === undefined ? text : JSON.stringify(json));
  };
  const files = secure && { cert: readFileSync(secure.cert), key: readFileSync(secure.key) };
  const server = secure ? https.createServer(files, serve) : http.createServer(serve);
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  backend.port = server.address().port;
  backend.url = `${secure ? 'https' : 'http'}://${host}:${backend.port}/hook`;
  /** Resolves when it has been asked that often. */
  backend.times = (count) => until(() => backend.asked.length >= count, `${count} requests`);
  backend.cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  backend.stop = async () => {
    backend.cut();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return backend;
}

/** Whether a request is signed with `secret` as the Standard Webhooks specification has it. */
export function isSigned({ headers, body }, secret) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', key).update(text).digest('base64');
  const age = Date.now() / 1000 - Number(headers['webhook-timestamp']);
  return headers['webhook-signature'] === `v1,${expected}` && Math.abs(age) < 60;
}
