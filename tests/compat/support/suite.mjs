// One suite, several servers. What peerjsd and npm peer 1.0.2 have in common is checked against
// both; where peerjsd is meant to differ, `improvement` says so and why. For XHR streaming, which
// 1.0.2 has not, the other server is npm peer 0.2.10.

import { after, before, describe, it } from 'node:test';
import { OPEN, Peer, RawPeer, until } from './wire.mjs';
import { startNpmPeer, startNpmPeer02, startPeerjsd } from './server.mjs';
import { post, Stream } from './stream.mjs';

const STARTERS = { peerjsd: startPeerjsd, peer: startNpmPeer, 'peer-0.2.10': startNpmPeer02 };

// COMPAT_SERVERS=peer,peer-0.2.10 runs the suites against npm peer alone, say to check the tests.
const KINDS = (process.env.COMPAT_SERVERS ?? Object.keys(STARTERS).join()).split(',');

/** The kinds of server that know XHR streaming. */
export const STREAMING = ['peerjsd', 'peer-0.2.10'];

let names = 0;

/**
 * Runs `define` once per kind of server with functions that declare tests:
 *   both(name, fn)                           the servers agree
 *   improvement(name, why, fn, otherwise?)   peerjsd only; `otherwise` shows what npm peer does
 * Tests of a suite share one server started with `args` (a list, or what each kind takes: a list, for
 * peer-0.2.10 an object of options), and each gets a scope whose sockets and servers end with the
 * test. Suites that mostly wait may run several tests at a time.
 */
export function suite(title, args, define, { kinds = ['peerjsd', 'peer'], concurrency = 1 } = {}) {
  for (const kind of kinds.filter((name) => KINDS.includes(name))) {
    describe(`${title} [${kind}]`, { concurrency }, () => {
      const own = Array.isArray(args) ? args : args[kind];
      let server;
      before(async () => {
        server = await STARTERS[kind](own);
      });
      after(() => server?.stop());
      const run = (name, fn) =>
        it(name, async () => {
          const scope = makeScope(kind, server);
          try {
            await fn(scope);
          } catch (error) {
            error.message += `\nlog of ${kind}:\n${server.log().slice(-2000)}`;
            throw error;
          } finally {
            await scope.dispose();
          }
        });
      define({
        kind,
        both: run,
        improvement(name, why, fn, otherwise) {
          if (kind === 'peerjsd') run(`${name} (unlike npm peer: ${why})`, fn);
          else if (otherwise) run(`not so: ${name} (${why})`, otherwise);
        },
      });
    });
  }
}

/** What a test gets; every socket and server made here ends with the test. */
export function makeScope(kind, server) {
  const endings = [];
  const kept = (peer) => {
    endings.push(() => peer.lose());
    return peer;
  };

  /** An id no other test uses. */
  const name = (prefix) => {
    names += 1;
    return `${prefix}${names}`;
  };
  const named = (id) => (id.endsWith('-') ? name(id) : id);

  /**
   * A WebSocket whose handshake is under way; `options` as of socketTarget(), and origin, target,
   * server.
   */
  const socket = (options) => kept(new Peer(options.server ?? server, options));

  /** The same by hand: see RawPeer. */
  const raw = (options) => kept(new RawPeer(options.server ?? server, options));

  /** A registered peer: OPEN has come. An id that ends in a dash is completed to a unique one. */
  const peer = async (id, options = {}) => {
    const made = socket({ ...options, id: named(id) });
    await made.expect(OPEN);
    return made;
  };

  /** An XHR stream that has been asked for; `options` as of Stream, and server. */
  const streaming = (options) => kept(new Stream(options.server ?? server, options));

  /** A registered peer on an XHR stream. */
  const stream = async (id, options = {}) => {
    const made = streaming({ ...options, id: named(id) });
    await made.open();
    return made;
  };

  /** The stream by which a client replaces `old`, of which its app notices nothing. */
  const renew = async (old, options = {}) => {
    const made = streaming({ ...old.options, id: old.id, query: 'i=1', ...options });
    await made.begin();
    return made;
  };

  /** Asks for an id until it is to be had. */
  const claim = (id, options = {}) =>
    until(async () => {
      const attempt = socket({ ...options, id });
      return (await attempt.next()) === OPEN ? attempt : null;
    }, `OPEN for ${id}`);

  /** A peer as a browser has it: its handshake tells an origin. */
  const page = (id, options = {}) => peer(id, { origin: 'http://app.test', ...options });

  /** A registered peer that answers nothing by itself, not even pings. */
  const mute = async (id, options = {}) => {
    const made = raw({ ...options, id: named(id) });
    await made.open();
    return made;
  };

  /** Two registered peers, the first on a WebSocket ('peer') or a stream ('stream'). */
  const pair = async (kind = 'peer') => [
    await (kind === 'stream' ? stream('a-') : peer('a-')),
    await peer('b-'),
  ];

  /** A POST by that peer, on WebSocket or stream; `body` as of post(). */
  const say = (from, verb, body, headers) =>
    post(server, { id: from.id, token: from.token, verb }, body, headers);

  /** Takes charge of a server started otherwise. */
  const adopt = (own) => {
    endings.push(() => own.stop());
    return own;
  };

  /** A server of this test alone. */
  const start = async (args) => adopt(await STARTERS[kind](args));

  const dispose = async () => {
    for (const end of endings.reverse()) await end();
  };

  return {
    kind,
    server,
    name,
    socket,
    raw,
    peer,
    claim,
    page,
    mute,
    streaming,
    stream,
    renew,
    pair,
    say,
    adopt,
    start,
    dispose,
  };
}
