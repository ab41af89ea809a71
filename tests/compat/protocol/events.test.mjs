// The operator's own service is told what happens.

import assert from 'node:assert/strict';
import { hang, isSigned, startBackend } from '../support/backend.mjs';
import { metric } from '../support/cluster.mjs';
import { freePort, startPeerjsd } from '../support/server.mjs';
import { suite } from '../support/suite.mjs';
import { partners, relayed, until } from '../support/wire.mjs';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G';

/** The events that a backend was told, each once, as { batches, events }. */
function heard(backend) {
  const batches = new Map();
  for (const asked of backend.asked) {
    const id = asked.headers['webhook-id'];
    if (batches.has(id)) assert.equal(asked.body, batches.get(id).body, 'the same batch again');
    else batches.set(id, asked);
  }
  const events = [...batches.values()].flatMap(({ json }) => json.events);
  return { batches, events };
}

const shown = ({ type, id, dst, reason }) => [type, id, dst ?? reason].filter(Boolean).join(' ');

/** Resolves to all events once the last of them looks like `last`. */
async function untilHeard(backend, last) {
  await until(() => shown(heard(backend).events.at(-1) ?? {}) === last, last);
  return heard(backend).events;
}

suite('Events', [], ({ both }) => {
  const test = (name, args, fn) =>
    both(name, async (scope) => {
      const backend = scope.adopt(await startBackend()); // which outlives the server
      const admin = { host: '127.0.0.1', port: await freePort() };
      const own = ['--event_url', backend.url, '--hook_secret', SECRET];
      const server = scope.adopt(
        await startPeerjsd([...own, '--admin_port', String(admin.port), ...args]),
      );
      const page = (id, options) => scope.page(id, { ...options, server });
      const stream = (id, options) => scope.stream(id, { ...options, server });
      const count = (name, labels) => metric({ admin }, name, labels);
      try {
        await fn({ ...scope, admin, backend, count, page, server, stream });
      } catch (error) {
        error.message += `\nlog:\n${server.log().slice(-3000)}\n${JSON.stringify(heard(backend).events)}`;
        throw error;
      }
    });

  test('are told in order, with a signature', ['--leave_grace', '300'], async (scope) => {
    const { backend, page } = scope;
    const ann = await page('ann');
    const bob = await page('bob');
    const again = await page('ann'); // another transport, but the same peer
    await ann.expectClosed();
    await bob.close(1000);
    again.lose();
    const events = await untilHeard(backend, 'leave ann');
    assert.deepEqual(events.map(shown), [
      'connect ann',
      'connect bob',
      'disconnect bob closed',
      'leave bob',
      'disconnect ann connection lost',
      'leave ann',
    ]);
    assert.deepEqual(events.map(({ sequence }) => sequence), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(events.map(({ session }) => session), [1, 2, 2, 2, 1, 1]);
    for (const { key, time } of events) {
      assert.equal(key, 'peerjs');
      assert.ok(Math.abs(Date.now() - Date.parse(time)) < 10_000, time);
    }
    for (const asked of backend.asked) {
      assert.ok(isSigned(asked, SECRET));
      assert.match(asked.json.server, /^[0-9a-f]{16}$/);
    }
  });

  test('tell of streams, and of messages that run out', ['--expire_timeout', '100'], async (scope) => {
    const { backend, renew, server, stream, page } = scope;
    const old = await stream('old');
    const renewed = await renew(old, { server });
    await old.ended;
    const ann = await page('ann');
    ann.signal('OFFER', 'nobody', 1);
    await ann.expect(relayed('EXPIRE', 'nobody', 'ann'));
    renewed.lose();
    const events = await untilHeard(backend, 'leave old');
    assert.deepEqual(events.map(shown), [
      'connect old',
      'connect ann',
      'expire ann nobody',
      'disconnect old stream closed',
      'leave old',
    ]);
  });

  test('come again until they are taken', [], async (scope) => {
    const { backend, count, page, server } = scope;
    let failures = 2;
    backend.answer = () => (failures-- > 0 ? { status: 503 } : {});
    const ann = await page('ann');
    await untilHeard(backend, 'connect ann');
    await until(async () => (await count('peerjsd_event_failures_total')) === 2, 'two failures');
    await until(async () => (await count('peerjsd_events_waiting')) === 0, 'all to be delivered');
    assert.equal(backend.asked.length, 3);
    await backend.stop();
    await ann.close(1000);
    for (const id of ['bob', 'cid']) await page(id);
    await server.waitForLog(/Events are kept for 127.0.0.1:\d+: Connection refused/);
    const back = await startBackend(() => ({}), { port: backend.port });
    const events = await untilHeard(back, 'connect cid');
    const all = [...heard(backend).events, ...events];
    assert.deepEqual([...new Set(all.map(({ sequence }) => sequence))], [1, 2, 3, 4, 5]);
    await server.waitForLog(/Events are delivered to 127.0.0.1:\d+ again; dropped: 0/);
    assert.equal(await count('peerjsd_events_total', '{result="delivered"}'), 5);
    await server.stop();
    await back.stop();
  });

  test('keep nobody waiting while their service hangs, and are not lost', [], async (scope) => {
    const { backend, page } = scope;
    backend.answer = hang;
    const ann = await page('ann');
    await backend.times(1);
    const bob = await page('bob');
    ann.signal('OFFER', 'bob', 1);
    await bob.expect(relayed('OFFER', 'ann', 'bob', '1'));
    bob.signal('ANSWER', 'ann', 2);
    await ann.expect(relayed('ANSWER', 'bob', 'ann', '2'));
    assert.equal(backend.asked.length, 1, 'one batch at a time');
    backend.answer = () => ({});
    backend.cut();
    const events = await untilHeard(backend, 'connect bob');
    assert.deepEqual(events.map(shown), ['connect ann', 'connect bob']);
    assert.equal(heard(backend).batches.size, 2, 'the first came twice');
    assert.equal(backend.asked.length, 3);
  });

  for (const [how, answer] of [['refuses them', () => ({ status: 500 })], ['hangs', hang]]) {
    const name = `are dropped where too many wait while their service ${how}, the oldest first`;
    test(name, ['--event_queue', '3'], async (scope) => {
      const { backend, count, page, server } = scope;
      backend.answer = answer;
      const first = await page('first');
      await backend.times(1);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await partners(await page(id), first);
      const dropped = () => count('peerjsd_events_total', '{result="dropped"}');
      await until(async () => (await dropped()) === 3, 'drops');
      assert.equal(await count('peerjsd_events_waiting'), 3);
      backend.answer = () => ({});
      backend.cut();
      const events = await untilHeard(backend, 'connect e');
      assert.deepEqual(events.map(({ sequence }) => sequence), [1, 5, 6]);
      await server.waitForLog(/Events are delivered to \S+ again; dropped: 3/);
      const lines = server.log().match(/Events are/g);
      assert.equal(lines.length, 2, 'one line for it and one for its end');
    });
  }

  test('are all delivered before the server ends', [], async ({ backend, page, server }) => {
    const ids = Array.from({ length: 5 }, (_, i) => `p${i}`);
    const pages = await Promise.all(ids.map((id) => page(id)));
    await until(() => heard(backend).events.length === 5, 'all to be there');
    let failures = 3;
    backend.answer = () => (failures-- > 0 ? { status: 500 } : {});
    const stopped = server.stop();
    for (const each of pages) await each.expectClosed();
    assert.deepEqual(await stopped, { code: 0, signal: null });
    const last = heard(backend).events.slice(5);
    assert.deepEqual(last.filter(({ type }) => type === 'disconnect').map(({ id }) => id).sort(), ids);
    assert.deepEqual(last.filter(({ type }) => type === 'leave').map(({ id }) => id).sort(), ids);
    assert.ok(!/Events lost/.test(server.log()));
  });

  test('do not keep it from ending', ['--drain_timeout', '500'], async ({ backend, page, server }) => {
    backend.answer = () => ({ status: 500 });
    await page('ann');
    await backend.times(1);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.match(server.log(), /Events lost: 3 that 127.0.0.1:\d+ has not taken/);
  });
}, { kinds: ['peerjsd'] });
