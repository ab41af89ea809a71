// A way to a server that can be slow, silent or cut, as networks are.

import { createConnection, createServer } from 'node:net';

/** A proxy on a port of its own, to `port`. */
export async function startTcpProxy(port) {
  const pairs = new Set();
  const proxy = { delay: 0, holdsAnswers: false };

  const pass = (from, to, isAnswer) => {
    from.on('data', async (data) => {
      if (isAnswer && proxy.holdsAnswers) return; // they never come: only cut() follows
      if (proxy.delay > 0) await new Promise((resolve) => setTimeout(resolve, proxy.delay));
      if (!to.destroyed) to.write(data);
    });
    from.on('close', () => to.destroy());
    from.on('error', () => {});
  };

  const server = createServer((client) => {
    const upstream = createConnection(port, '127.0.0.1');
    const pair = [client, upstream];
    pairs.add(pair);
    client.on('close', () => pairs.delete(pair));
    pass(client, upstream, false);
    pass(upstream, client, true);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.port = server.address().port;

  /** Breaks all connections that there are. */
  proxy.cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  proxy.stop = () => {
    proxy.cut();
    return new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}
