// --cors keeps pages of other origins out: not only from reading answers, from connecting too.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { OPEN, errorText, within } from '../support/wire.mjs';

const WHY = 'npm peer lets every page open a WebSocket';
const ALLOWED = ['https://app.example', 'https://one.sub.example', 'https://a.b.sub.example'];
const REFUSED = ['https://evil.example', 'https://sub.example', 'http://app.example', 'null'];
const reason = (origin) => errorText(`Origin ${origin} is not allowed by this server`);

suite(
  'Origins',
  ['--cors', 'https://app.example', 'https://*.sub.example'],
  ({ improvement }) => {
    improvement('pages of the listed origins connect', WHY, async ({ socket, streaming }) => {
      for (const origin of ALLOWED) {
        await socket({ id: `on ${origin}`, origin }).expect(OPEN);
        await streaming({ id: `stream on ${origin}`, origin }).open();
      }
    });

    improvement('those of others are told why not, and leave no peer', WHY, async (scope) => {
      for (const origin of REFUSED) {
        const socket = scope.socket({ id: 'page', origin });
        await socket.expect(reason(origin));
        await within(socket.closed, 'the end of the WebSocket');
        const stream = scope.streaming({ id: 'page', origin });
        await within(stream.ended, 'the end of the stream');
        assert.equal(stream.chunks.join(''), reason(origin));
        await scope.server.waitForLog(
          new RegExp(`Client refused: page \\(127\\.0\\.0\\.1, origin ${origin} is not in --cors\\)`),
        );
      }
      await scope.socket({ id: 'page', token: 'another', origin: ALLOWED[0] }).expect(OPEN);
    });

    improvement('who is no page has no origin', WHY, async ({ socket }) => {
      await socket({ id: 'native' }).expect(OPEN);
    });
  },
  { kinds: ['peerjsd'] },
);
