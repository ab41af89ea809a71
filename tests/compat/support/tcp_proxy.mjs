// A way to a server that can be slow, silent or cut, as networks are.

import { createConnection, createServer } from 'node:net';

/** So that who reads what came before knows of the end in the same moment. */
const CUT_OFF = Buffer.from('-ERR cut off\r\n');

/** A proxy on a port of its own, to `port`. */
export async function startTcpProxy(port) {
  const pairs = new Set();
  // Delays in ms. What is held never comes: only cut() follows. Messages are what a connection gets
  // that subscribes, answers what all others get. `endsAfter`: once a message with this text has been
  // passed on, its connection is ended in the same breath, and no new one is let in. `rate`: bytes a
  // second, to the server; 0: any number. `messagesWaitFor`: a promise.
  const proxy = {
    ...{ delay: 0, answerDelay: 0, rate: 0, messagesWaitFor: null },
    ...{ holdsAnswers: false, holdsMessages: false, refuses: false, endsAfter: null },
  };
  const subscribers = new Set();

  const pass = (from, to, isFromServer) => {
    from.on('data', async (data) => {
      if (!isFromServer && data.includes('SUBSCRIBE')) subscribers.add(to);
      const isMessage = isFromServer && subscribers.has(from);
      const isAnswer = isFromServer && !isMessage;
      if (isMessage ? proxy.holdsMessages : isAnswer && proxy.holdsAnswers) return;
      const delay = proxy.delay + (isAnswer ? proxy.answerDelay : 0);
      if (isMessage && proxy.messagesWaitFor) await proxy.messagesWaitFor;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      if (to.destroyed) return;
      if (!isFromServer && proxy.rate > 0) {
        from.pause();
        setTimeout(() => from.resume(), (data.length / proxy.rate) * 1000);
      }
      if (!isMessage || !proxy.endsAfter || !data.includes(proxy.endsAfter)) return to.write(data);
      proxy.endsAfter = null;
      proxy.refuses = true;
      to.end(Buffer.concat([data, CUT_OFF]));
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
