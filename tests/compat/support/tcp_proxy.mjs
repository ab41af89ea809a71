// A way to a server that can be slow, silent or cut, as networks are.

import { createConnection, createServer } from 'node:net';

/** A proxy on a port of its own, to `port`. */
export async function startTcpProxy(port) {
  const pairs = new Set();
  // In ms; `answerDelay` is for the connections that subscribe to nothing. What is held never comes:
  // only cut() follows.
  const proxy = {
    ...{ delay: 0, answerDelay: 0 },
    ...{ holdsAnswers: false, holdsMessages: false, refuses: false },
  };
  const subscribers = new Set();

  const delayOf = (from, isAnswer) =>
    isAnswer && !subscribers.has(from) ? proxy.delay + proxy.answerDelay : proxy.delay;

  const pass = (from, to, isAnswer) => {
    from.on('data', async (data) => {
      if (isAnswer && proxy.holdsAnswers) return;
      if (isAnswer && proxy.holdsMessages && subscribers.has(from)) return;
      if (!isAnswer && data.includes('SUBSCRIBE')) subscribers.add(to);
      const delay = delayOf(from, isAnswer);
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      if (!to.destroyed) to.write(data);
    });
    from.on('close', () => to.destroy());
    from.on('error', () => {});
  };

  const server = createServer((client) => {
    if (proxy.refuses) return client.destroy();
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
