// Requests as no client makes them: smuggled, malformed, or merely odd. What is not framed beyond
// doubt is refused and the connection closed; what RFC 9110 and 9112 allow is served, and the next
// request after it.
//
// Only peerjsd: what npm peer answers differs from one Node to the next.

import assert from 'node:assert/strict';
import { suite } from '../support/suite.mjs';
import { get as request, OPEN } from '../support/wire.mjs';
import {
  bytesOf,
  cut,
  exchange,
  frame,
  parseAnswers,
  parseFrames,
  summary,
  unnoticed,
} from '../support/raw.mjs';

const ask = (line, headers = '', body = '') => `${line}\nHost: x\n${headers}\n${body}`;
const get = (target, headers = '', body = '') => ask(`GET ${target} HTTP/1.1`, headers, body);
const post = (headers, body = 'hello') => ask('POST /1 HTTP/1.1', headers, body);

const SIZED = 'Content-Length: 5\n';
const CHUNKED = 'Transfer-Encoding: chunked\n';
const CHUNKS = '5\nhello\n0\n\n';
const chunked = (body) => post(CHUNKED, body);

// What must never be answered, and what must be.
const SMUGGLED = get('/smuggled', 'Connection: close\n');
const LAST = get('/last', 'Connection: close\n');

/** Sends it at once and byte by byte; `check` gets what came, which must not depend on that. */
async function bothWays(scope, bytes, check) {
  await unnoticed(scope, async () => {
    for (const pieces of [1, 500]) check(await exchange(scope.server, cut(bytes, pieces)), pieces);
  });
}

/** Sends each text when the one before has been read, as an answer on another connection shows. */
const stepwise = (server, texts) =>
  exchange(server, texts.map(bytesOf), () => request(server, '/'));

/**
 * Declares tests of requests that are the last on their connection, whatever comes after them:
 * [what, statuses, text].
 */
function refuse(test, rows, next = SMUGGLED) {
  for (const [what, statuses, text] of rows) {
    test(`${what} is answered by ${statuses.replaceAll('|', ' or ')}, and no more`, (scope) =>
      bothWays(scope, bytesOf(text + next), (bytes, pieces) => {
        const { answers } = parseAnswers(bytes);
        assert.match(summary(answers), new RegExp(`^(${statuses})$`), `in ${pieces} pieces`);
        const { version, headers } = answers.at(-1);
        if (version === '1.1') assert.match(headers.connection, /\bclose\b/);
      }));
  }
}

/** Declares tests of requests after which the connection serves others: [what, summary, text]. */
function serve(test, rows) {
  for (const [what, expected, text] of rows) {
    test(`${what} is served, and what comes after it`, (scope) =>
      bothWays(scope, bytesOf(text + LAST), (bytes, pieces) => {
        const { answers } = parseAnswers(bytes);
        assert.equal(summary(answers), `${expected}, 404 /last`, `in ${pieces} pieces`);
      }));
  }
}

const only = { kinds: ['peerjsd'] };

suite(
  'HTTP hygiene: lengths',
  [],
  ({ both: test }) => {
    const length = (value) => post(`Content-Length: ${value}\n`);
    // RFC 9112 6.3, 5.1; RFC 9110 8.6
    refuse(test, [
      ['a length before a coding', '400', post(SIZED + CHUNKED, '0\n\n')],
      ['a length after a coding', '400', post(CHUNKED + SIZED, '0\n\n')],
      ['a length before a coding that is none', '400', post(`${SIZED}Transfer-Encoding: x\n`)],
      ['a length after a coding that is none', '400', post(`Transfer-Encoding: x\n${SIZED}`)],
      ['a length of 0 beside a coding', '400', post(`Content-Length: 0\n${CHUNKED}`, '0\n\n')],
      ['two different lengths', '400', post(`${SIZED}Content-Length: 6\n`)],
      ['a length of 0 and another', '400', post(`Content-Length: 0\n${SIZED}`)],
      ['the same length twice', '400', post(SIZED + SIZED)],
      ['the same length twice in a list', '400', length('5, 5')],
      ['a list of different lengths', '400', length('5, 6')],
      ['a list of one length and nothing', '400', length('5,')],
      ['a negative length', '400', length('-5')],
      ['a length of minus nothing', '400', length('-0')],
      ['a length with a plus sign', '400', length('+5')],
      ['a hexadecimal length', '400', length('0x5')],
      ['a length in hexadecimal digits', '400', length('a')],
      ['a length with a fraction', '400', length('5.0')],
      ['a length with an exponent', '400', length('5e0')],
      ['a length with an underscore', '400', length('0_5')],
      ['a length in quotes', '400', length('"5"')],
      ['a length of two numbers', '400', length('5 5')],
      ['a length with a parameter', '400', length('5;a=b')],
      ['a length with a vertical tab', '400', length('\v5')],
      ['a length with a NUL', '400', length('5\0')],
      ['a length with a digit of Latin-1', '400', length('\xb2')],
      ['an empty length', '400', length('')],
      ['a length of 2^64', '400|413', length('18446744073709551616')],
      ['a length of 2^64 + 5', '400|413', length('18446744073709551621')],
      ['a length of 30 digits', '400|413', length('9'.repeat(30))],
      ['a length of 2^64 - 1', '413', length('18446744073709551615')],
      ['a length of 2^63', '413', length('9223372036854775808')],
      ['a length of 2^32 + 5', '413', length('4294967301')],
      ['a length with a blank before its colon', '400', post('Content-Length : 5\n')],
      ['a length with a tab before its colon', '400', post('Content-Length\t: 5\n')],
    ]);
    const looksLikeRequest = `Content-Length: ${bytesOf(SMUGGLED).length}\n`;
    serve(test, [
      ['a length with zeros before it', '404 /1', length('0005')],
      ['a length without a blank after its colon', '404 /1', post('Content-Length:5\n')],
      ['a length with blanks around it', '404 /1', length('\t 5 \t')],
      ['a length in other letters', '404 /1', post('cOnTeNt-LeNgTh: 5\n')],
      ['a POST without a length', '404 /1', post('', '')],
      ['a GET with a body', '404 /1', get('/1', SIZED, 'hello')],
      ['a DELETE with a body', '404 /1', ask('DELETE /1 HTTP/1.1', SIZED, 'hello')],
      ['a preflight with a body', '204', ask('OPTIONS /1 HTTP/1.1', SIZED, 'hello')],
      ['a body that looks like a request', '404 /1', post(looksLikeRequest, SMUGGLED)],
    ]);
  },
  only,
);

suite(
  'HTTP hygiene: codings',
  [],
  ({ both: test }) => {
    const coded = (value) => post(`Transfer-Encoding: ${value}\n`, '0\n\n');
    const headed = (headers) => post(headers, '0\n\n');
    const IDENTITY = 'Transfer-Encoding: identity\n';
    const old = (headers) => ask('POST /1 HTTP/1.0', headers, '0\n\n');
    // RFC 9112 6.1, 6.3, 7
    refuse(test, [
      ['gzip in chunks', '400|501', coded('gzip, chunked')],
      ['chunks in gzip', '400', coded('chunked, gzip')],
      ['gzip without chunks', '400|501', coded('gzip')],
      ['the identity coding', '400|501', coded('identity')],
      ['identity in chunks', '400|501', coded('identity, chunked')],
      ['chunks in identity', '400', coded('chunked, identity')],
      ['chunks of chunks', '400', coded('chunked, chunked')],
      ['an unknown coding', '400|501', coded('xchunked')],
      ['a coding that begins like chunks', '400|501', coded('chunkedx')],
      ['chunks in quotes', '400|501', coded('"chunked"')],
      ['chunks with a parameter', '400|501', coded('chunked;q=1')],
      ['chunks and a word', '400|501', coded('chunked foo')],
      ['chunks with a vertical tab', '400', coded('\vchunked')],
      ['chunks with a form feed', '400', coded('chunked\f')],
      ['chunks with a NUL', '400', coded('chunked\0')],
      ['a coding without a name', '400', coded('')],
      ['chunks twice', '400', headed(CHUNKED + CHUNKED)],
      ['chunks, then identity', '400', headed(CHUNKED + IDENTITY)],
      ['identity, then chunks', '400|501', headed(IDENTITY + CHUNKED)],
      ['a coding with a blank before its colon', '400', headed('Transfer-Encoding : chunked\n')],
      ['a coding with a blank before its name', '400', headed(`X: y\n ${CHUNKED}`)],
      ['a coding in a folded line', '400', headed('Transfer-Encoding:\n chunked\n')],
      ['a coding after a line feed', '400', headed(`X: y␊${CHUNKED}`)],
      ['a coding after a carriage return', '400', headed(`X: y␍${CHUNKED}`)],
      ['a coding with a NUL in its name', '400', headed('Transfer\0-Encoding: chunked\n')],
      ['chunks from HTTP/1.0', '400', old(CHUNKED)],
      ['chunks from HTTP/1.0 that goes on', '400', old(`Connection: keep-alive\n${CHUNKED}`)],
    ]);
    serve(test, [
      ['chunks in other letters', '404 /1', coded('cHuNkEd')],
      ['chunks with blanks around', '404 /1', coded('\t chunked \t')],
      ['a GET with chunks', '404 /1', get('/1', CHUNKED, CHUNKS)],
    ]);
  },
  only,
);

suite(
  'HTTP hygiene: chunks',
  ['--request_timeout', '2000'],
  ({ both: test }) => {
    const extended = (extension) => chunked(`5${extension}\nhello\n0\n\n`);
    const sized = (size) => chunked(`${size}\nhello\n0\n\n`);
    const trailed = (trailer) => chunked(`5\nhello\n0\n${trailer}\n\n`);
    // RFC 9112 7.1
    refuse(test, [
      ['a chunk without a size', '400', sized('')],
      ['a size that is no number', '400', sized('g')],
      ['a size with 0x', '400', sized('0x5')],
      ['a negative size', '400', sized('-5')],
      ['a size with a plus sign', '400', sized('+5')],
      ['a size after a blank', '400', sized(' 5')],
      ['a size before a blank', '400', sized('5 ')],
      ['a size before a tab', '400', sized('5\t')],
      ['a size before a NUL', '400', sized('5\0')],
      ['two sizes', '400', sized('5 5')],
      ['a size of 2^64 + 5', '400|413', sized('10000000000000005')],
      ['a size of 2^64 - 1', '400|413', sized('ffffffffffffffff')],
      ['a size of 2^32 + 5', '413', sized('100000005')],
      ['a chunk too many', '413', chunked('5\nhello\nffffffff\n')],
      ['a chunk that does not end', '400', chunked('5\nhello0\n\n')],
      ['a chunk longer than its size', '400', chunked('4\nhello\n0\n\n')],
      ['a chunk shorter than its size', '400', chunked('6\nhello\n0\n\n')],
      ['a size ended by a line feed', '400', chunked('5␊hello\n0\n\n')],
      ['a size ended by a carriage return', '400', chunked('5␍hello\n0\n\n')],
      ['a size ended by two of them', '400', chunked('5␍\nhello\n0\n\n')],
      ['a chunk ended by a line feed', '400', chunked('5\nhello␊0\n\n')],
      ['a last size ended by a line feed', '400', chunked('5\nhello\n0␊\n')],
      ['chunks ended by a line feed', '400', chunked('5\nhello\n0\n␊')],
      ['an extension without a name', '400', extended(';')],
      ['an extension without a value', '400', extended(';a=')],
      ['an extension of two words', '400', extended(';a b')],
      ['an extension with an open quote', '400|408', extended(';a="b')],
      ['an extension with a line end in quotes', '400', extended(';a="\nb"')],
      ['an extension with a NUL', '400', extended(';a\0')],
      ['an extension with a NUL in quotes', '400', extended(';a="\0"')],
      ['an extension with a control character', '400', extended(';\x01')],
      ['an extension with a line feed', '400', extended(';a␊b')],
      ['an extension with a line feed in quotes', '400', extended(';a="␊b"')],
      ['an extension with a line feed escaped in quotes', '400', extended(';a="\\␊b"')],
      ['a last extension with a line feed in quotes', '400', chunked('5\nhello\n0;a="␊"\n\n')],
      ['an extension with a carriage return', '400', extended(';a="␍b"')],
      ['a trailer without a colon', '400', trailed('X')],
      ['a trailer without a name', '400', trailed(': y')],
      ['a trailer with a blank before its colon', '400', trailed('X : y')],
      ['a trailer with a blank before its name', '400', trailed(' X: y')],
      ['a trailer with a NUL', '400', trailed('X: \0')],
      ['a trailer after a line feed', '400', trailed('X: y␊Y: z')],
      ['a trailer that tells a length', '400', trailed('Content-Length: 5')],
      ['a trailer that tells a coding', '400', trailed('Transfer-Encoding: chunked')],
    ]);
    const looksLikeRequest = `${bytesOf(SMUGGLED).length.toString(16)}\n${SMUGGLED}\n`;
    serve(test, [
      ['a body in chunks', '404 /1', chunked('2\nhe\n3\nllo\n0\n\n')],
      ['a body of no chunks', '404 /1', chunked('0\n\n')],
      ['a chunk that looks like a request', '404 /1', chunked(`${looksLikeRequest}0\n\n`)],
      ['a chunk that looks like the last', '404 /1', chunked('5\n0\n\n\n0\n\n')],
      ['a size in letters', '404 /1', chunked('A\n0123456789\na\n0123456789\n0\n\n')],
      ['a size with zeros before it', '404 /1', sized('0000000000000000000005')],
      ['a last size of many zeros', '404 /1', chunked('5\nhello\n00000\n\n')],
      ['an extension', '404 /1', extended(';a')],
      ['an extension with a value', '404 /1', extended(';a=b;c=d')],
      ['an extension with a value in quotes', '404 /1', extended(';a="b;\\"c\\r\xe9\t"')],
      ['an extension with blanks', '404 /1', extended(' ; a = b')],
      ['an extension of the last chunk', '404 /1', chunked('5\nhello\n0;a=b\n\n')],
      ['a trailer', '404 /1', trailed('X: y\nY: z')],
    ]);

    // RFC 9110 6.5.1
    test('a trailer is not taken for a header', async ({ server }) => {
      const names = 'Origin: http://app.test\nConnection: close';
      const { answers } = parseAnswers(await exchange(server, [bytesOf(trailed(names) + LAST)]));
      assert.equal(summary(answers), '404 /1, 404 /last');
      assert.equal(answers[0].headers['access-control-allow-origin'], undefined);
    });

    test('a trailer is not taken for what a proxy says', async ({ start }) => {
      const server = await start(['--proxied=true']);
      const told = (address) => `X-Forwarded-For: ${address}\n`;
      const headers = `Connection: close\n${CHUNKED}${told('192.0.2.1')}`;
      const text = get('/wrong/id', headers, `0\n${told('192.0.2.2')}\n`);
      assert.equal(summary(parseAnswers(await exchange(server, [bytesOf(text)])).answers), '401');
      await server.waitForLog(/\(192\.0\.2\.1\)/);
      assert.doesNotMatch(server.log(), /192\.0\.2\.2/);
    });

    test('the end of chunks may come bit by bit', async ({ server }) => {
      for (const body of ['0\n\n', '5\nhello\n0\n\n', '0\nX: y\n\n']) {
        const pieces = [chunked(''), ...body.replaceAll('\n', '␍␊'), LAST];
        const { answers } = parseAnswers(await stepwise(server, pieces));
        assert.equal(summary(answers), '404 /1, 404 /last');
      }
    });
  },
  only,
);

suite(
  'HTTP hygiene: heads',
  [],
  ({ both: test }) => {
    const line = (text) => get('/1', `${text}\n`);
    const hosted = (lines, version = '1.1') => `GET /1 HTTP/${version}\n${lines}\n\n`;
    const many = (count) => line(Array(count).fill('X: y').join('\n'));
    // RFC 9112 2.2, 3.2, 5; RFC 9110 5.1, 5.5, 7.2
    refuse(test, [
      ['a head in line feeds', '400', 'GET /1 HTTP/1.1␊Host: x␊␊'],
      ['a request line ended by a line feed', '400', 'GET /1 HTTP/1.1␊Host: x\n\n'],
      ['a header ended by a line feed', '400', line('X: y␊Y: z')],
      ['a head ended by a line feed', '400', 'GET /1 HTTP/1.1\nHost: x\n␊'],
      ['a head in carriage returns', '400', 'GET /1 HTTP/1.1␍Host: x␍␍'],
      ['a carriage return in a value', '400', line('X: y␍z')],
      ['a carriage return before a line end', '400', line('X: y␍')],
      ['a head ended by a carriage return', '400', 'GET /1 HTTP/1.1\nHost: x\n␍'],
      ['a folded header', '400', line('X: y\n z')],
      ['a header folded by a tab', '400', line('X: y\n\tz')],
      ['a header folded to nothing', '400', line('X: y\n ')],
      ['a head that begins with a blank', '400', 'GET /1 HTTP/1.1\n X: y\nHost: x\n\n'],
      ['a blank before a colon', '400', line('X : y')],
      ['a tab before a colon', '400', line('X\t: y')],
      ['a blank in a name', '400', line('X Y: z')],
      ['a header without a colon', '400', line('X')],
      ['a header without a name', '400', line(': y')],
      ['a NUL in a name', '400', line('X\0: y')],
      ['a control character in a name', '400', line('X\x01: y')],
      ['a DEL in a name', '400', line('X\x7f: y')],
      ['a letter beyond ASCII in a name', '400', line('\xe9: y')],
      ['a bracket in a name', '400', line('X(: y')],
      ['a NUL in a value', '400', line('X: \0')],
      ['a control character in a value', '400', line('X: \x01')],
      ['an escape in a value', '400', line('X: \x1b[31m')],
      ['a DEL in a value', '400', line('X: \x7f')],
      ['no host', '400', hosted('X: y')],
      ['the same host twice', '400', hosted('Host: x\nHost: x')],
      ['two hosts', '400', hosted('Host: x\nHost: y')],
      ['two hosts from HTTP/1.0', '400', hosted('Host: x\nHost: y', '1.0')],
      ['a host with a blank', '400', hosted('Host: x y')],
      ['a list of hosts', '400', hosted('Host: x, y')],
      ['a host with a path', '400', hosted('Host: x/y')],
      ['a host with a user', '400', hosted('Host: x@y')],
      ['a host with a query', '400', hosted('Host: x?y')],
      ['a host with a backslash', '400', hosted('Host: x\\y')],
      ['a host whose port is no number', '400', hosted('Host: x:y')],
      ['a host with two ports', '400', hosted('Host: x:1:2')],
      ['a host with an open bracket', '400', hosted('Host: [::1')],
      ['a header of 20 KB', '431', line(`X: ${'y'.repeat(20_000)}`)],
      ['a head of 8000 headers', '431', many(8000)],
    ]);
    serve(test, [
      ['a line end before a request', '404 /1', `\n${get('/1')}`],
      ['a line end after a body', '404 /1', `${post(SIZED)}\n`],
      ['a header without a value', '404 /1', line('X:')],
      ['a tab in a value', '404 /1', line('X: y\tz')],
      ['a letter beyond ASCII in a value', '404 /1', line('X: \xe9\xff')],
      ['a header that comes twice', '404 /1', line('X: y\nX: z')],
      ['a head of 101 headers', '404 /1', many(100)],
      // RFC 9112 3.2 wants a host from every client, and empty if it knows none.
      ['a host that is empty', '404 /1', hosted('Host:')],
      ['a host with a port', '404 /1', hosted('Host: x.test:9000')],
      ['a host whose port is empty', '404 /1', hosted('Host: x:')],
      ['a host that is an address', '404 /1', hosted('Host: [::1]:9000')],
    ]);
  },
  only,
);

suite(
  'HTTP hygiene: request lines',
  [],
  ({ both: test }) => {
    // RFC 9112 2.3, 3; RFC 9110 7.1, 9.3.6, 15.5.15, 15.6.6
    refuse(test, [
      ['a blank in a target', '400', get('/a b')],
      ['a NUL in a target', '400', get('/\0')],
      ['a control character in a target', '400', get('/\x01')],
      ['a tab in a target', '400', get('/\t')],
      ['a DEL in a target', '400', get('/\x7f')],
      ['a carriage return in a target', '400', get('/␍')],
      ['a NUL in a method', '400', ask('G\0T /1 HTTP/1.1')],
      ['a bracket in a method', '400', ask('G(T /1 HTTP/1.1')],
      ['two blanks before a target', '400', get(' /1')],
      ['two blanks after a target', '400', get('/1 ')],
      ['a tab for a blank', '400', ask('GET\t/1\tHTTP/1.1')],
      ['a blank before a method', '400', ask(' GET /1 HTTP/1.1')],
      ['a blank after a version', '400', ask('GET /1 HTTP/1.1 ')],
      ['a request without a target', '400', ask('GET HTTP/1.1')],
      ['a request of HTTP/0.9', '400', 'GET /1\n'],
      ['a request without a version', '400', ask('GET /1 ')],
      ['a version without a minor one', '400', ask('GET /1 HTTP/1')],
      ['a version in small letters', '400', ask('GET /1 http/1.1')],
      ['a version with a zero', '400', ask('GET /1 HTTP/01.1')],
      ['a version of two digits', '400', ask('GET /1 HTTP/1.10')],
      ['another protocol', '400', ask('GET /1 ICAP/1.0')],
      ['HTTP/0.9 by name', '400|505', ask('GET /1 HTTP/0.9')],
      ['HTTP/1.2', '400|505', ask('GET /1 HTTP/1.2')],
      ['HTTP/2.0', '400|505', ask('GET /1 HTTP/2.0')],
      ['HTTP/3.0', '400|505', ask('GET /1 HTTP/3.0')],
      ['the preface of HTTP/2', '400|505', 'PRI * HTTP/2.0\n\nSM\n\n'],
      ['a target of 20 KB', '414', get(`/${'a'.repeat(20_000)}`)],
      ['a method of 20 KB', '400|414|431|501', ask(`${'A'.repeat(20_000)} /1 HTTP/1.1`)],
      ['a target without a slash', '400', get('peerjs/id')],
      ['an asterisk for a target', '400', get('*')],
      ['an asterisk and a path', '400', ask('OPTIONS *1 HTTP/1.1')],
      ['an authority for a target', '400', get('x:80')],
      ['a tunnel', '400|405|501', ask('CONNECT x:443 HTTP/1.1')],
      ['a tunnel to a path', '400|405|501', ask('CONNECT /1 HTTP/1.1')],
      ['an absolute target without a host', '400', get('http:///peerjs/id')],
      ['an absolute target of another scheme', '400|421', get('ftp://x/peerjs/id')],
      ['an absolute target without slashes', '400', get('http:peerjs/id')],
      ['an absolute target, but no host', '400', 'GET http://x/peerjs/id HTTP/1.1\n\n'],
    ]);
    // RFC 9112 3.2.2, 3.2.4
    serve(test, [
      ['an absolute target', '200', get('http://x/peerjs/id')],
      ['an absolute target of another host', '200', get('http://other.test:9000/peerjs/id')],
      ['an absolute target of an address', '200', get('http://[::1]:9000/peerjs/id')],
      ['an absolute target in capitals', '200', get('HTTP://X/peerjs/id')],
      ['an absolute target without a path', '200', get('http://x')],
      ['an absolute target of a query', '200', get('http://x?a=b/c')],
      ['an absolute target in a query', '200', get('http://x/peerjs/id?a=http://y/z')],
      ['a URL in a path', '404 /http://x/peerjs/id', get('/http://x/peerjs/id')],
      ['a preflight of everything', '204', ask('OPTIONS * HTTP/1.1')],
      ['a preflight of a whole host', '204', ask('OPTIONS http://x HTTP/1.1')],
      ['a method in small letters', '404 /peerjs/id', ask('get /peerjs/id HTTP/1.1')],
      ['a method nobody knows', '404 /1', ask("A!#$%&'*+-.^_`|~9 /1 HTTP/1.1")],
      ['a request line of 8000 bytes', '200', get(`/peerjs/id?${'a'.repeat(7976)}`)],
    ]);
  },
  only,
);

suite(
  'HTTP hygiene: one after the other',
  [],
  ({ both: test }) => {
    const closing = (value) => get('/1', `Connection: ${value}\n`);
    const old = (headers) => ask('GET /1 HTTP/1.0', headers);
    const stray = ask('POST /peerjs/nobody/token/offer HTTP/1.1', 'Content-Length: 2\n', '{}');
    const refusedStream = ask('POST /wrong/a/token/id HTTP/1.1', 'Content-Length: 0\n');
    // RFC 9112 9.3
    refuse(test, [
      ['a request that closes', '404 /1', closing('close')],
      ['a request that closes in capitals', '404 /1', closing('CLOSE')],
      ['a request that closes in a list', '404 /1', closing('keep-alive, close')],
      ['a request that closes twice over', '404 /1', closing('keep-alive\nConnection: close')],
      ['a request of HTTP/1.0', '404 /1', old('')],
      ['a request of HTTP/1.0 that closes', '404 /1', old('Connection: keep-alive, close\n')],
      ['a body before the end', '404 /1', post(`${SIZED}Connection: close\n`)],
      ['a stream that is refused', '200', refusedStream],
      [
        'a fault after other requests',
        '404 /1, 404 /2, 400',
        get('/1') + get('/2') + get('/3', 'X\n'),
      ],
      ['a fault after a body', '404 /1, 400', post(SIZED) + get('/2', 'X\n')],
      ['a body longer than its length', '404 /1, 400', post(SIZED, 'hello@')],
    ]);
    const THREE = '404 /0, 404 /1, 404 /2';
    serve(test, [
      ['a row of requests', THREE, get('/0') + get('/1') + get('/2')],
      ['a body between two requests', THREE, get('/0') + post(SIZED) + get('/2')],
      ['chunks between two requests', THREE, get('/0') + chunked(CHUNKS) + get('/2')],
      ['a message that waits for its sender', '401, 404 /2', stray + get('/2')],
      ['a hundred requests', Array(100).fill('404 /1').join(', '), get('/1').repeat(100)],
      ['a request of HTTP/1.0 that goes on', '404 /1', old('Connection: keep-alive\n')],
      // RFC 9110 10.1.1
      ['an expectation without a body', '404 /1', get('/1', 'Expect: 100-continue\n')],
      ['an expectation nobody knows', '404 /1', get('/1', 'Expect: miracles\n')],
    ]);

    // RFC 9110 10.1.1
    for (const [what, expected, version, lines] of [
      ['a body that is to come is asked for once', '100, 404 /1, 404 /last', '1.1', SIZED],
      ['a body from HTTP/1.0 is not asked for', '404 /1, 404 /last', '1.0', SIZED],
      ['a body of two lengths is not asked for', '400', '1.1', SIZED + SIZED],
      ['a body of an unknown coding is not asked for', '400|501', '1.1', 'Transfer-Encoding: x\n'],
      ['a body for two hosts is not asked for', '400', '1.1', `Host: y\n${SIZED}`],
      ['a body that is too large is not asked for', '413', '1.1', 'Content-Length: 99999999\n'],
    ]) {
      test(what, async ({ server }) => {
        const headers = `Connection: keep-alive\nExpect: 100-continue\n${lines}`;
        const begin = ask(`POST /1 HTTP/${version}`, headers);
        const { answers } = parseAnswers(await stepwise(server, [begin, 'hel', `lo${LAST}`]));
        assert.match(summary(answers), new RegExp(`^(${expected})$`));
      });
    }
  },
  only,
);

suite(
  'HTTP hygiene: upgrades',
  [],
  ({ both: test }) => {
    const TARGET = '/peerjs?key=peerjs&id=a&token=t';
    const CONNECTION = 'Connection: Upgrade\n';
    const UPGRADE = 'Upgrade: websocket\n';
    const VERSION = 'Sec-WebSocket-Version: 13\n';
    const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n';
    const ALL = CONNECTION + UPGRADE + VERSION + KEY;
    const asking = (headers, body = '') => get(TARGET, headers, body);
    const keyed = (key) => asking(ALL.replace(/(?<=Key: ).*/, key));
    const versioned = (version) => asking(ALL.replace(/(?<=Version: ).*/, version));
    const connected = (value) => asking(ALL.replace(/(?<=Connection: ).*/, value));
    const upgraded = (value) => asking(ALL.replace(/(?<=Upgrade: ).*/, value));
    const extended = (value) => asking(`${ALL}Sec-WebSocket-Extensions: ${value}\n`);

    // RFC 6455 4.2.1, 4.2.2, 11.3
    refuse(test, [
      ['an upgrade without a key', '400', asking(CONNECTION + UPGRADE + VERSION)],
      ['an empty key', '400', keyed('')],
      ['a key of 15 bytes', '400', keyed('dGhlIHNhbXBsZSBub25j')],
      ['a key of 17 bytes', '400', keyed('dGhlIHNhbXBsZSBub25jZQA=')],
      ['a key of 18 bytes', '400', keyed('dGhlIHNhbXBsZSBub25jZWFh')],
      ['a key without its padding', '400', keyed('dGhlIHNhbXBsZSBub25jZQ')],
      ['a key that is no base64', '400', keyed('dGhlIHNhbXBs!SBub25jZQ==')],
      ['a key in the letters for URLs', '400', keyed('dGhlIHNhbXBs_-Bub25jZQ==')],
      ['a key and more', '400', keyed('dGhlIHNhbXBsZSBub25jZQ== x')],
      ['a list of keys', '400', keyed('dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==')],
      ['the same key twice', '400', asking(ALL + KEY)],
      ['two keys', '400', asking(`${ALL}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n`)],
      ['the same version twice', '400', asking(ALL + VERSION)],
      ['two versions', '400', asking(`${ALL}Sec-WebSocket-Version: 8\n`)],
      ['an upgrade without a version', '400|426', asking(CONNECTION + UPGRADE + KEY)],
      ['an upgrade with a body', '400', asking(ALL + SIZED, 'hello')],
      ['an upgrade with chunks', '400', asking(ALL + CHUNKED, CHUNKS)],
      ['an upgrade with a length and chunks', '400', asking(ALL + SIZED + CHUNKED, CHUNKS)],
      ['an upgrade with two hosts', '400', asking(`Host: y\n${ALL}`)],
      ['an upgrade from HTTP/1.0', '400|426', asking(ALL).replace('1.1', '1.0')],
    ]);
    for (const version of ['', '0', '8', '12', '14', '113', '256', '013', '+13', '13.0', 'x']) {
      refuse(test, [[`version "${version}"`, '400|426', versioned(version)]]);
    }

    // RFC 6455 4.2.2, 4.4; RFC 9110 7.8, 15.5.22
    test('another version is told which it should be', async ({ server }) => {
      for (const version of ['0', '8', '12', '14', '255']) {
        const bytes = await exchange(server, [bytesOf(versioned(version))]);
        const [{ status, headers }] = parseAnswers(bytes).answers;
        assert.equal(status, '426', version);
        assert.equal(headers['sec-websocket-version'], '13');
      }
    });

    test('a 426 names Upgrade among the headers of its connection', async ({ server }) => {
      for (const text of [get('/peerjs', 'Connection: close\n'), versioned('8')]) {
        const [{ status, headers }] = parseAnswers(await exchange(server, [bytesOf(text)])).answers;
        assert.equal(status, '426');
        assert.equal(headers.upgrade, 'websocket');
        assert.match(headers.connection, /\bupgrade\b/i);
      }
    });

    // RFC 9110 7.8: what lacks a part of an upgrade, or asks for another, is a request like others
    serve(test, [
      ['an upgrade without Connection', '426', asking(UPGRADE + VERSION + KEY)],
      ['an upgrade that Connection does not name', '426', connected('keep-alive')],
      ['an upgrade that Connection almost names', '426', connected('Upgrades')],
      ['a WebSocket without Upgrade', '426', asking(CONNECTION + VERSION + KEY)],
      ['an upgrade to almost a WebSocket', '426', upgraded('websockets')],
      ['an upgrade to h2c', '426', upgraded('h2c')],
      ['an upgrade to TLS', '426', upgraded('TLS/1.2')],
      ['an upgrade to h2c elsewhere', '404 /1', get('/1', `${CONNECTION}Upgrade: h2c\n`)],
      ['an upgrade by POST', '404 /peerjs', asking(ALL).replace('GET', 'POST')],
      ['an upgrade by OPTIONS', '204', asking(ALL).replace('GET', 'OPTIONS')],
      // RFC 9110 6.5.1
      [
        'an upgrade in a trailer',
        '426',
        asking(CHUNKED + VERSION + KEY, `0\n${CONNECTION}${UPGRADE}\n`),
      ],
    ]);

    const CLOSE = frame(Buffer.from([3, 232]), { opcode: 8 });
    for (const [what, text] of [
      ['an upgrade', asking(ALL)],
      ['an upgrade with a length of 0', asking(`${ALL}Content-Length: 0\n`)],
      ['an upgrade of an absolute target', asking(ALL).replace('GET ', 'GET http://x')],
      [
        'an upgrade in other letters',
        asking(ALL.toLowerCase().replace(/key: .*/, KEY.slice(14, -1))),
      ],
      ['an upgrade to one thing or another', upgraded('h2c, websocket')],
      ['an upgrade that comes twice', asking(ALL + UPGRADE)],
      ['an upgrade among other options', connected('keep-alive, Upgrade')],
      ['an upgrade after another option', asking(`Connection: keep-alive\n${ALL}`)],
      ['an offer of protocols', asking(`${ALL}Sec-WebSocket-Protocol: chat, superchat\n`)],
      ['an offer of compression', extended('permessage-deflate; client_max_window_bits')],
      ['an offer of anything', extended('foo; bar="baz", x-deflate')],
      ['a key with blanks around it', keyed('\t dGhlIHNhbXBsZSBub25jZQ== \t')],
    ]) {
      test(`${what} is accepted, and nothing is chosen`, (scope) =>
        bothWays(scope, Buffer.concat([bytesOf(text), CLOSE]), (bytes) => {
          const { answers, rest } = parseAnswers(bytes);
          assert.equal(summary(answers), '101');
          const { headers } = answers[0];
          assert.equal(headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
          assert.match(headers.upgrade, /^websocket$/i);
          assert.match(headers.connection, /^upgrade$/i);
          assert.equal(headers['sec-websocket-protocol'], undefined);
          assert.equal(headers['sec-websocket-extensions'], undefined);
          assert.deepEqual(parseFrames(rest), [OPEN, 'close 1000']);
        }));
    }

    test('after an upgrade a request is not answered as one', (scope) =>
      bothWays(scope, bytesOf(asking(ALL) + SMUGGLED), (bytes) => {
        const { answers, rest } = parseAnswers(bytes);
        assert.equal(summary(answers), '101');
        assert.deepEqual(parseFrames(rest), [OPEN, 'close 1002']);
      }));

    test('an upgrade after other requests is accepted', (scope) =>
      bothWays(scope, Buffer.concat([bytesOf(get('/1') + asking(ALL)), CLOSE]), (bytes) => {
        const { answers, rest } = parseAnswers(bytes);
        assert.equal(summary(answers), '404 /1, 101');
        assert.deepEqual(parseFrames(rest), [OPEN, 'close 1000']);
      }));
  },
  only,
);

suite(
  'HTTP hygiene: without end',
  ['--request_timeout', '2000'],
  ({ both: test }) => {
    const SIZE = 64 * 1024;
    const endless = 'a'.repeat(SIZE);
    const zeros = '0'.repeat(SIZE);
    const lines = 'X: y\n'.repeat(SIZE / 6);
    const TOO_MUCH = '400|413|431';
    // RFC 9112 3, 7.1.1; RFC 9110 5.4, 17.5. Nothing follows: no refusal may wait for the end.
    const rows = [
      ['a method', '400|414|431|501', endless],
      ['a target', '414', `GET /${endless}`],
      ['a name', '431', `GET /1 HTTP/1.1\n${endless}`],
      ['a value', '431', `GET /1 HTTP/1.1\nX: ${endless}`],
      ['headers', '431', `GET /1 HTTP/1.1\n${lines}`],
      ['zeros in a size', TOO_MUCH, chunked(zeros)],
      ['an extension', TOO_MUCH, chunked(`5;${endless}`)],
      ['an extension in quotes', TOO_MUCH, chunked(`5;a="${endless}`)],
      ['an extension of the last chunk', TOO_MUCH, chunked(`0;${endless}`)],
      ['a trailer', TOO_MUCH, chunked(`0\nX: ${endless}`)],
      ['trailers', TOO_MUCH, chunked(`0\n${lines}`)],
    ].map(([what, ...row]) => [`${what} without end`, ...row]);
    refuse(test, rows, '');

    test('a head that grows by a line and a letter is answered by 431, and no more', (scope) =>
      unnoticed(scope, async () => {
        const pieces = Array(SIZE / 8).fill(bytesOf(': y\nX'));
        pieces.unshift(bytesOf(get('/1', 'X').trimEnd()));
        pieces.push(bytesOf(`: y\n\n${SMUGGLED}`));
        const { answers } = parseAnswers(await exchange(scope.server, pieces));
        assert.equal(summary(answers), '431');
      }));

    refuse(test, [
      ['a size with 64 KB of zeros', TOO_MUCH, chunked(`${zeros}5\nhello\n0\n\n`)],
      ['an extension of 64 KB', TOO_MUCH, chunked(`5;${endless}\nhello\n0\n\n`)],
      ['an extension of 64 KB of the last chunk', TOO_MUCH, chunked(`0;${endless}\n\n`)],
      ['trailers of 64 KB', TOO_MUCH, chunked(`0\n${lines}\n`)],
      ['a trailer of 64 KB', TOO_MUCH, chunked(`0\nX: ${endless}\n\n`)],
    ]);
  },
  only,
);
