// --ip_limit: peers of one address. It is a proxy that says where they come from, for loopback
// addresses are not limited.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { errorText, OPEN, within } from '../support/wire.mjs';

const WHY = 'npm peer has no such limit since 0.3';
const A = '203.0.113.7';
const B = '203.0.113.8';

const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
const streamFrom = (address) => ({ headers: ['Content-Length: 0', `X-Forwarded-For: ${address}`] });
const refusalOf = (address) => errorText(`${address} has reached its concurrent user limit`);

suite(
  'Peers of one address',
  ['--proxied', '--ip_limit', '2', '--key', 'peerjs', '--key', 'other'],
  ({ improvement }) => {
    improvement('the third is refused, until one goes', WHY, async ({ server, peer, socket, claim }) => {
      const one = await peer('a-', from(A));
      await peer('a-', from(A));
      const third = socket({ id: 'third', ...from(A) });
      await third.expect(refusalOf(A));
      await within(third.closed, 'the end of the third');
      await server.waitForLog(/warning Client refused: third \(203\.0\.113\.7, 203\.0\.113\.7 has/);
      await one.close(1000);
      await claim('third', from(A));
    });

    improvement('streams and WebSockets count alike', WHY, async ({ peer, stream, streaming, socket }) => {
      await peer('a-', from(B));
      const own = await stream('b-', streamFrom(B));
      const third = streaming({ id: 'c', ...streamFrom(B) });
      await within(third.ended, 'the end of the stream');
      assert.equal(third.answer.status, 200);
      assert.equal(third.chunks.join(''), refusalOf(B));
      await socket({ id: 'c', ...from(B) }).expect(refusalOf(B));
      const resumed = socket({ id: own.id, ...from(B) });
      await resumed.upgraded;
      await resumed.fence();
    });

    improvement('others are none the worse', WHY, async ({ peer }) => {
      const address = '198.51.100.1';
      await Promise.all([peer('a-', from(address)), peer('a-', from(address))]);
      await peer('a-', from('198.51.100.2'));
      await peer('a-', { key: 'other', ...from(address) });
    });

    improvement('an IPv6 customer is a /64', WHY, async ({ peer, socket }) => {
      await peer('a-', from('2001:db8::1'));
      await peer('a-', from('2001:db8::ffff:2'));
      await socket({ id: 'c', ...from('2001:db8::3') }).expect(refusalOf('2001:db8::3'));
      await socket({ id: 'd', ...from('2001:db8:0:1::1') }).expect(OPEN);
    });

    improvement('the local network is not limited', WHY, async ({ peer }) => {
      for (const address of ['127.0.0.1', '10.1.2.3', '::1']) {
        for (let i = 0; i < 3; i += 1) await peer('a-', from(address));
      }
    });
  },
  { kinds: ['peerjsd'] },
);
