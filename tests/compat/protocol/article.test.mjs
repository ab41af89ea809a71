// The commands of the article that describes the protocol, as they stand there (with this server's
// address): curl for HTTP and the stream, npm wscat for the WebSocket.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { STREAMING, suite } from '../support/suite.mjs';
import { PADDING } from '../support/stream.mjs';
import { errorText, OPEN, relayed, until, within } from '../support/wire.mjs';

const KEY = 'lwjd5qra8257b9';
const ID = 'j2eythggd12lnmi';
const CURL_ID = `curl http://0.peerjs.com:9000/${KEY}/id`;
const CURL_STREAM = `curl -X POST http://0.peerjs.com:9000/${KEY}/${ID}/randomtoken/id`;
const WSCAT = `wscat -c "ws://0.peerjs.com:9000/peerjs?key=${KEY}&id=${ID}&token=randomtoken"`;

const PROGRAMS = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));

/** A command at work, as typed into a shell. Its standard input stays open. */
class Command {
  #text = '';
  #shown = 0;

  constructor(server, line) {
    const own = line.replace('0.peerjs.com:9000', `${server.host}:${server.port}`);
    this.line = own;
    // Before a terminal curl would not hold its output back either.
    this.child = spawn('stdbuf', ['-oL', 'sh', '-c', `exec ${own}`], {
      env: { ...process.env, PATH: `${PROGRAMS}:${process.env.PATH}`, no_proxy: '*' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin.on('error', () => {});
    this.child.stdout.setEncoding('utf8').on('data', (data) => (this.#text += data));
    let complaints = '';
    this.child.stderr.setEncoding('utf8').on('data', (data) => (complaints += data));
    this.complaints = () => complaints;
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve(code ?? signal));
    });
    this.ended.catch(() => {});
  }

  get output() {
    return this.#text;
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The next whole line it prints. */
  async next() {
    const lines = () => this.#text.split('\n').slice(0, -1);
    await until(
      () => lines().length > this.#shown || !this.isRunning,
      `a line of ${this.line}\n${this.complaints()}`,
    );
    const found = lines()[this.#shown];
    assert.notEqual(found, undefined, `${this.line} ended:\n${this.#text}${this.complaints()}`);
    this.#shown += 1;
    return found;
  }

  async expect(...texts) {
    for (const text of texts) assert.equal(await this.next(), text);
  }

  type(text) {
    this.child.stdin.write(`${text}\n`);
  }

  /** Resolves to its exit code, or the signal that ended it. */
  end() {
    return within(this.ended, `the end of ${this.line}`);
  }

  async stop() {
    this.child.kill('SIGINT');
    return this.end();
  }
}

const options = { peerjsd: ['--key', KEY, '--id_format', 'token'], 'peer-0.2.10': { key: KEY } };

suite(
  "The article's commands",
  options,
  ({ both, improvement }) => {
    // Every one that still runs ends with the test.
    async function atWork({ server }, lines, fn) {
      const commands = lines.map((line) => () => new Command(server, line));
      const started = [];
      const start = (i) => {
        started.push(commands[i]());
        return started.at(-1);
      };
      try {
        await fn(start);
      } finally {
        for (const command of started) {
          if (command.isRunning) command.child.kill('SIGKILL');
          await command.ended;
        }
      }
    }

    both('curl gets an id', async (scope) => {
      await atWork(scope, [CURL_ID], async (start) => {
        const curl = start(0);
        assert.equal(await curl.end(), 0, curl.complaints());
        assert.match(curl.output, /^[a-z0-9]{16}$/);
      });
    });

    both('curl opens a stream and stays on it, until it is stopped', async (scope) => {
      await atWork(scope, [CURL_STREAM], async (start) => {
        const curl = start(0);
        await curl.expect(PADDING, OPEN);
        const b = await scope.peer('b-', { key: KEY });
        for (let i = 0; i < 3; i += 1) {
          b.signal('OFFER', ID, i);
          await curl.expect(relayed('OFFER', b.id, ID, String(i)));
        }
        assert.ok(curl.isRunning);
        await curl.stop();
        const next = await scope.claim(ID, { key: KEY, token: 'other' });
        await next.close(1000);
      });
    });

    both('wscat opens a WebSocket and stays on it', async (scope) => {
      await atWork(scope, [WSCAT], async (start) => {
        const wscat = start(0);
        await wscat.expect(OPEN);
        const b = await scope.peer('b-', { key: KEY });
        b.signal('OFFER', ID, { from: 'b' });
        await wscat.expect(relayed('OFFER', b.id, ID, '{"from":"b"}'));
        wscat.type(`{"type": "ANSWER", "src": "${ID}", "dst": "${b.id}", "payload": {"to":"b"}}`);
        await b.expect(relayed('ANSWER', ID, b.id, '{"to":"b"}'));
        assert.ok(wscat.isRunning);
      });
    });

    both('wscat takes over from curl, which ends with 0', async (scope) => {
      await atWork(scope, [CURL_STREAM, WSCAT], async (start) => {
        const b = await scope.claim(scope.name('b-'), { key: KEY });
        const curl = start(0);
        await curl.expect(PADDING, OPEN);
        const wscat = start(1);
        assert.equal(await curl.end(), 0, curl.complaints());
        assert.equal(curl.output, `${PADDING}\n${OPEN}\n`);
        b.signal('OFFER', ID, 1);
        await wscat.expect(relayed('OFFER', b.id, ID, '1'));
      });
    });

    both('wscat without an id is told what is missing', async (scope) => {
      await atWork(scope, [WSCAT.replace(`&id=${ID}`, '')], async (start) => {
        const wscat = start(0);
        await wscat.expect(errorText('No id, token, or key supplied to websocket server'));
        assert.equal(await wscat.end(), 0);
      });
    });

    improvement(
      'curl is told of an error by a line of type ERROR',
      'npm peer says HTTP-ERROR',
      async (scope) => {
        await scope.claim(ID, { key: KEY });
        await atWork(scope, [CURL_STREAM], async (start) => {
          const curl = start(0);
          assert.equal(await curl.end(), 0, curl.complaints());
          assert.equal(curl.output.trimEnd(), errorText('ID is taken'));
        });
      },
    );
  },
  { kinds: STREAMING },
);
