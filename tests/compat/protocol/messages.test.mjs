// What passes from one peer to another, to the byte.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { relayed } from '../support/wire.mjs';

const JUNK = [
  '',
  'not json',
  '{"type":"OFFER"',
  'null',
  '42',
  '"text"',
  'true',
  '{"type":"OFFER",}',
];

suite(
  'Messages',
  ['--expire_timeout', '200'],
  ({ both, improvement }) => {
    both('OFFER, ANSWER, CANDIDATE and LEAVE are relayed', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (const type of ['OFFER', 'ANSWER', 'CANDIDATE', 'LEAVE']) {
        a.signal(type, b.id, { n: 1 });
        await b.expect(relayed(type, a.id, b.id, '{"n":1}'));
        b.signal(type, a.id, { n: 2 });
        await a.expect(relayed(type, b.id, a.id, '{"n":2}'));
      }
    });

    both(
      'members come out as type, src, dst, payload, whatever their order was',
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        const out = relayed('OFFER', a.id, b.id, '{"x":1}');
        a.send(`{"payload":{"x":1},"dst":"${b.id}","type":"OFFER"}`);
        a.send(`{"dst":"${b.id}","src":"${a.id}","extra":[1,{}],"payload":{"x":1},"type":"OFFER"}`);
        a.send(` {\r\n\t"type" : "OFFER" , "dst" : "${b.id}" , "payload" : {"x":1} } \n`);
        await b.expect(out, out, out);
      },
    );

    both('src is the sender, whoever it says it is', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      a.send({ type: 'OFFER', src: b.id, dst: b.id, payload: 1 });
      a.send({ type: 'OFFER', src: null, dst: b.id, payload: 2 });
      await b.expect(relayed('OFFER', a.id, b.id, '1'), relayed('OFFER', a.id, b.id, '2'));
    });

    both('of a member given twice the last counts', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      a.send(`{"type":"LEAVE","dst":"x","payload":1,"type":"OFFER","dst":"${b.id}","payload":2}`);
      await b.expect(relayed('OFFER', a.id, b.id, '2'));
    });

    both('names and ids may be written with escapes', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const escaped = [...b.id]
        .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('');
      a.send(`{"\\u0074ype":"\\u004fFFER","d\\u0073t":"${escaped}","p\\u0061yload":"x"}`);
      await b.expect(relayed('OFFER', a.id, b.id, '"x"'));
    });

    both('a payload of any kind passes', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const payloads = [
        '{"sdp":{"type":"offer","sdp":"v=0\\r\\no=- 1 2 IN IP4 127.0.0.1\\r\\n"},"type":"data"}',
        '{"b":1,"a":{"d":[1,2,{"e":null}],"c":true}}',
        '[]',
        '{}',
        '""',
        '0',
        'false',
        '"\\u0001\\"\\\\\\n"',
        '"\u2028\u00e9\u{1f600}"',
        '"\\ud800"',
        '100000000000000000000',
        '0.1',
      ];
      for (const payload of payloads) {
        a.send(`{"type":"OFFER","payload":${payload},"dst":"${b.id}"}`);
        await b.expect(relayed('OFFER', a.id, b.id, payload));
      }
    });

    both('no payload stays absent, null stays null', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      a.send({ type: 'OFFER', dst: b.id });
      a.send({ type: 'OFFER', dst: b.id, payload: null });
      await b.expect(relayed('OFFER', a.id, b.id), relayed('OFFER', a.id, b.id, 'null'));
    });

    improvement(
      'numbers, text, spaces and order inside a payload go out as they came in',
      'npm peer reads the payload and writes it anew',
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        for (const payload of [
          '1e400',
          '-0',
          '1.0',
          '12345678901234567890',
          '1E5',
          '{"10":1,"9":2}',
          '{"x":1,"x":2}',
          '{"__proto__":{"y":1}}',
          '{ "a" : [ 1 ,\t2 ] }',
          '"\\uD800 \\u0041 \\/"',
        ]) {
          a.send(`{"type":"OFFER","payload":${payload},"dst":"${b.id}"}`);
          await b.expect(relayed('OFFER', a.id, b.id, payload));
        }
      },
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        a.send(`{"type":"OFFER","payload":[1e400, 1.0],"dst":"${b.id}"}`);
        await b.expect(relayed('OFFER', a.id, b.id, '[null,1]'));
      },
    );

    both('messages keep their order', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (let i = 0; i < 200; i += 1) a.signal('CANDIDATE', b.id, i);
      for (let i = 0; i < 200; i += 1) await b.expect(relayed('CANDIDATE', a.id, b.id, String(i)));
    });

    both('a large message passes', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (const size of [100, 125, 126, 65_535, 65_536, 300_000]) {
        const payload = JSON.stringify('x'.repeat(size));
        a.send(`{"type":"OFFER","payload":${payload},"dst":"${b.id}"}`);
        await b.expect(relayed('OFFER', a.id, b.id, payload));
      }
    });

    both('a message may come in a binary frame, and goes out as text', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const sent = { src: a.id, type: 'OFFER', dst: b.id, payload: { text: 'h\u00e9 \u{1f600}' } };
      a.send(Buffer.from(JSON.stringify(sent)));
      // A string: Peer would show a binary frame as a Buffer.
      await b.expect(relayed('OFFER', a.id, b.id, '{"text":"h\u00e9 \u{1f600}"}'));
    });

    both('a message may come in fragments, with a ping between them', async ({ mute }) => {
      const a = await mute('a-');
      const text = JSON.stringify({ type: 'OFFER', dst: a.id, payload: 'in parts' });
      a.send(text.slice(0, 10), { fin: false });
      a.send('hello', { opcode: 9 });
      a.send(text.slice(10, 20), { opcode: 0, fin: false });
      a.send(text.slice(20), { opcode: 0 });
      const pong = await a.message();
      assert.deepEqual([pong.opcode, pong.payload.toString()], [10, 'hello']);
      await a.expect(relayed('OFFER', a.id, a.id, '"in parts"'));
    });

    both('invalid UTF-8 in a binary frame does not break the receiver', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const [head, tail] = JSON.stringify({ type: 'OFFER', dst: b.id, payload: '#' }).split('#');
      a.send(Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from(tail)]));
      a.signal('ANSWER', b.id, 'after');
      // Dropping the message is as good as passing it on with a replacement character.
      let next = await b.next();
      if (next === relayed('OFFER', a.id, b.id, '"\ufffd"')) next = await b.next();
      assert.equal(next, relayed('ANSWER', a.id, b.id, '"after"'));
    });

    both('a message to oneself is delivered', async ({ peer }) => {
      const a = await peer('a-');
      a.signal('OFFER', a.id, { me: 1 });
      await a.expect(relayed('OFFER', a.id, a.id, '{"me":1}'));
    });

    both('HEARTBEAT is not answered', async ({ peer }) => {
      const a = await peer('a-');
      a.send({ type: 'HEARTBEAT' });
      a.send('{"type":"HEARTBEAT","dst":"x","payload":1}');
      await a.fence();
    });

    both('an unknown type, or none, is ignored', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (const type of [
        'offer',
        'Offer',
        ' OFFER',
        'OFFER\0',
        'HELLO',
        'HTTP-ERROR',
        '',
        1,
        null,
        {},
        [],
      ]) {
        a.send({ type, dst: b.id, payload: 1 });
      }
      a.send({ dst: b.id, payload: 1 });
      a.send('[]');
      a.send('{}');
      a.send(`["OFFER","${b.id}"]`);
      await a.fence();
      await b.fence();
    });

    both("the server's own types from a client are ignored", async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      for (const type of ['OPEN', 'ERROR', 'ID-TAKEN'])
        a.send({ type, dst: b.id, payload: { msg: 'x' } });
      await a.fence();
      await b.fence();
    });

    improvement(
      'EXPIRE from a client is ignored',
      'anybody could tell anybody that a third one is not there',
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        a.send({ type: 'EXPIRE', dst: b.id });
        await a.fence();
        await b.fence();
      },
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        a.send({ type: 'EXPIRE', dst: b.id });
        await b.expect(relayed('EXPIRE', a.id, b.id));
      },
    );

    improvement(
      'what is no JSON object is dropped and the connection read on',
      'npm peer never reads that socket again, and keeps its id taken',
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        for (const junk of JUNK) {
          a.send(junk);
          a.send(Buffer.from(junk));
          await a.fence();
        }
        a.signal('OFFER', b.id, 'still here');
        await b.expect(relayed('OFFER', a.id, b.id, '"still here"'));
      },
    );

    both('without a dst nothing happens', async ({ peer }) => {
      const a = await peer('a-');
      for (const type of ['OFFER', 'ANSWER', 'CANDIDATE']) {
        a.send({ type, payload: 1 });
        a.send({ type, dst: '', payload: 1 });
        a.send({ type, dst: null, payload: 1 });
      }
      await a.fence();
      // Had any of them been kept, its EXPIRE would come before this one's.
      a.signal('OFFER', 'nobody', 1);
      await a.expectJson({ type: 'EXPIRE', src: 'nobody', dst: a.id });
    });

    both('a dst that is no string comes back as the src of EXPIRE', async ({ peer }) => {
      const a = await peer('a-');
      const odd = [5, true, ['a'], { x: 1 }, -1.5];
      for (const dst of odd) a.send({ type: 'OFFER', dst, payload: 1 });
      for (const dst of odd) await a.expectJson({ type: 'EXPIRE', src: dst, dst: a.id });
      await a.fence();
    });

    both('a dst of 5 is not the peer called 5', async ({ peer }) => {
      const five = await peer('5');
      const a = await peer('a-');
      a.send({ type: 'OFFER', dst: 5, payload: 1 });
      await a.expectJson({ type: 'EXPIRE', src: 5, dst: a.id });
      await five.fence();
    });

    both('LEAVE to a peer that is absent is dropped', async ({ peer, name }) => {
      const a = await peer('a-');
      const absent = name('absent');
      a.signal('LEAVE', absent);
      await a.fence();
      const late = await peer(absent);
      await late.fence();
      // Nor does it expire: its EXPIRE would be due before this one's.
      a.signal('LEAVE', 'nobody');
      a.signal('OFFER', 'nobody else', 1);
      await a.expectJson({ type: 'EXPIRE', src: 'nobody else', dst: a.id });
    });

    both('LEAVE without a dst gives the id up', async ({ peer, claim }) => {
      const a = await peer('a-', { token: 'mine' });
      a.send({ type: 'LEAVE' });
      const next = await claim(a.id, { token: 'theirs' });
      await next.fence();
    });

    improvement(
      'LEAVE without a dst ends the connection too, and partners are told',
      'npm peer leaves a socket that still speaks under an id somebody else may have',
      async ({ peer }) => {
        const a = await peer('a-');
        const b = await peer('b-');
        a.signal('OFFER', b.id, 1);
        await b.expect(relayed('OFFER', a.id, b.id, '1'));
        a.send({ type: 'LEAVE' });
        await a.expectClosed();
        await b.expect(relayed('LEAVE', a.id, b.id));
        await b.fence();
      },
      async ({ peer, claim }) => {
        const a = await peer('a-', { token: 'mine' });
        a.send({ type: 'LEAVE' });
        const next = await claim(a.id, { token: 'theirs' });
        a.signal('OFFER', next.id, 'from the old one');
        await next.expect(relayed('OFFER', a.id, a.id, '"from the old one"'));
      },
    );

    both('bystanders see nothing of it', async ({ peer }) => {
      const a = await peer('a-');
      const b = await peer('b-');
      const c = await peer('c-');
      a.signal('OFFER', b.id, 1);
      await b.expect(relayed('OFFER', a.id, b.id, '1'));
      await c.fence();
    });
  },
  { concurrency: 4 },
);
