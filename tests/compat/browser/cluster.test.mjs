// Real clients on different nodes of a cluster, behind HAProxy.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { exchange, openChannel, useBrowser } from '../support/browser.mjs';
import { metric, startNode, startRedis } from '../support/cluster.mjs';
import { startProxy } from '../support/proxies.mjs';
import { freePort } from '../support/server.mjs';
import { until } from '../support/wire.mjs';

const { scenario } = useBrowser();
const NODES = 3;

async function startCluster(cast) {
  const redis = await startRedis();
  cast.onClose(() => redis.stop());
  const ports = await Promise.all(Array.from({ length: NODES }, freePort));
  const adminPorts = await Promise.all(Array.from({ length: NODES }, freePort));
  const start = (i) =>
    startNode(redis.url, ['--port', String(ports[i]), '--proxied', '127.0.0.1'], {
      adminPort: adminPorts[i],
    });
  const nodes = await Promise.all(ports.map((_, i) => cast.server(start(i))));
  const proxy = await startProxy('haproxy_cluster', nodes);
  cast.onClose(() => proxy.stop());
  const restart = async (i) => {
    nodes[i] = await cast.server(start(i));
    await until(() => isUp(proxy, i), `HAProxy to see that node ${i + 1} is back`);
  };
  return { nodes, proxy, restart };
}

/** Whether HAProxy, by what it says, sends anybody to that node. */
function isUp(proxy, i) {
  const times = (state) => proxy.log().split(`nodes/node${i + 1} is ${state}`).length;
  return times('UP') >= times('DOWN');
}

/** The number of the node to which a peer has connected last. */
function nodeOf(nodes, id) {
  const times = nodes.map((node) => node.log().split(`Client connected: ${id} (`).length - 1);
  return times.indexOf(Math.max(...times));
}

async function callUntilPlaying(from, to, toId) {
  await Promise.all([to.event('call stream'), from.do('call', 'call', toId)]);
  await to.do('playing', 'call');
}

describe('peerjs 1.5.5 on a cluster behind HAProxy', () => {
  scenario('calls pass between nodes, and outlive the restart of each', async (cast) => {
    const [{ nodes, proxy, restart }, tabs] = await Promise.all([
      startCluster(cast),
      cast.tabs('1.5.5', '1.5.5', '1.5.5'),
    ]);
    const ids = ['one', 'two', 'three'];
    for (const [i, tab] of tabs.entries()) await tab.join(proxy, ids[i]);
    const at = new Set(ids.map((id) => nodeOf(nodes, id)));
    assert.ok(at.size > 1, 'they are on different nodes');

    const [one, two, three] = tabs;
    await openChannel(one, two, ids[1], 'chat');
    await openChannel(three, one, ids[0], 'other');
    await callUntilPlaying(two, three, ids[2]);
    await exchange(one, two, 'chat');

    for (let i = 0; i < NODES; i += 1) {
      const lost = tabs.filter((_, k) => nodeOf(nodes, ids[k]) === i);
      const disconnected = Promise.all(lost.map((tab) => tab.event('peer disconnected')));
      await nodes[i].stop();
      await disconnected;
      await Promise.all([exchange(one, two, 'chat'), three.do('playing', 'call')]);
      await Promise.all(
        lost.map((tab) => Promise.all([tab.event('peer open'), tab.do('reconnect')])),
      );
      await exchange(one, three, 'other');
      await restart(i);
    }
    await Promise.all([two, three].map((tab) => tab.do('playing', 'call')));
    await openChannel(two, one, ids[0], 'again');
    await exchange(one, two, 'again');
    await exchange(one, two, 'chat');
    for (const tab of tabs) {
      for (const name of ['chat', 'other', 'call']) {
        assert.equal(tab.all(`${name} close`).length, 0, `${tab.name}: ${name} closed`);
      }
    }
  });

  scenario('a call to a peer whose node has just stopped waits for it', async (cast) => {
    const [{ nodes, proxy }, [one, two]] = await Promise.all([
      startCluster(cast),
      cast.tabs('1.5.5', '1.5.5'),
    ]);
    await two.join(proxy, 'two');
    const its = nodes[nodeOf(nodes, 'two')];
    const another = nodes.find((node) => node !== its);
    await one.join(another, 'one');
    await Promise.all([two.event('peer disconnected'), its.stop()]);
    const opened = Promise.all([one.event('chat open'), two.event('chat open')]);
    await one.do('connect', 'chat', 'two');
    const waiting = () => metric(another, 'peerjsd_outstanding_bytes', '{key="peerjs"}');
    await until(waiting, 'the call to wait on the node of its caller');
    await two.do('reconnect');
    await opened;
    await exchange(one, two, 'chat');
  });

  scenario('a call to nobody fails, and says so', async (cast) => {
    const [{ proxy }, [one]] = await Promise.all([startCluster(cast), cast.tabs('1.5.5')]);
    await one.join(proxy);
    const failed = one.event('peer error');
    await one.do('connect', 'chat', 'nobody');
    assert.match(JSON.stringify(await failed), /peer-unavailable/);
  });
});
