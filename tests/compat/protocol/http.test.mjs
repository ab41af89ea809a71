// The HTTP endpoints, as browsers' fetch and as plain HTTP clients see them.

import assert from 'node:assert/strict';
import { httpOf, keepAliveAgent } from '../support/dial.mjs';
import { suite } from '../support/suite.mjs';
import { get, request, talk } from '../support/wire.mjs';

const ORIGIN = { Origin: 'http://app.test' };
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const INFO =
  '{"name":"PeerJS Server",' +
  '"description":"A server side element to broker connections between PeerJS clients.",' +
  '"website":"https://peerjs.com/"}';

const varies = (answer) => (answer.headers.vary ?? '').split(/\s*,\s*/);

suite('HTTP', [], ({ both, improvement }) => {
  both('the root names the server', async ({ server }) => {
    const answer = await get(server, '/');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    const info = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(info), ['name', 'description', 'website']);
    for (const value of Object.values(info)) assert.equal(typeof value, 'string');
    assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.body));
  });

  both('the root is, byte for byte, what npm peer says', async ({ server }) => {
    assert.equal((await get(server, '/')).body, INFO);
  });

  both('an id is a UUID v4 and nothing else', async ({ server }) => {
    const answer = await get(server, '/peerjs/id');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(answer.headers['content-length'], '36');
    assert.match(answer.body, UUID_V4);
    assert.equal(answer.body.length, 36);
  });

  both('no two ids are equal', async ({ server }) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(server, '/peerjs/id')));
    assert.equal(new Set(answers.map((answer) => answer.body)).size, 20);
  });

  both('query strings are ignored', async ({ server }) => {
    const answer = await get(server, '/peerjs/id?ts=17000000000000.123&version=1.5.5&x=%zz');
    assert.equal(answer.status, 200);
    assert.match(answer.body, UUID_V4);
    assert.equal((await get(server, '/?a=b')).body, INFO);
  });

  both('letter case and one trailing slash do not matter', async ({ server }) => {
    for (const target of ['/peerjs/ID', '/peerjs/id/', '/peerjs/Id/?a=b']) {
      const answer = await get(server, target);
      assert.equal(answer.status, 200, target);
      assert.match(answer.body, UUID_V4);
    }
    assert.equal((await get(server, '/peerjs/PEERS/')).status, 401);
  });

  both('a bad percent escape is a bad request', async ({ server }) => {
    for (const target of ['/%zz/id', '/peer%/id', '/peerjs%2/id']) {
      assert.equal((await get(server, target)).status, 400, target);
    }
  });

  both('a key may be percent-escaped', async ({ server }) => {
    assert.match((await get(server, '/%70eerjs/id')).body, UUID_V4);
  });

  both('discovery is refused unless it is allowed', async ({ server }) => {
    const answer = await get(server, '/peerjs/peers');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(answer.body, 'Unauthorized');
  });

  both('HEAD answers as GET does, without the body', async ({ server }) => {
    for (const target of ['/', '/peerjs/id', '/peerjs/peers', '/nowhere/at/all']) {
      const whole = await get(server, target, ORIGIN);
      const head = await request(server, 'HEAD', target, ORIGIN);
      assert.equal(head.status, whole.status, target);
      assert.equal(head.body, '');
      for (const name of ['content-type', 'access-control-allow-origin', 'vary']) {
        assert.equal(head.headers[name], whole.headers[name], `${name} of ${target}`);
      }
    }
    assert.equal((await request(server, 'HEAD', '/peerjs/id')).headers['content-length'], '36');
  });

  both('a HEAD leaves the connection in step for the next request', async ({ server }) => {
    const answer = await talk(
      server,
      'HEAD /peerjs/id HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\nHost: x\nConnection: close\n\n',
    );
    assert.equal(answer.match(/HTTP\/1\.1 200 OK\r\n/g).length, 2);
    assert.ok(answer.endsWith(INFO));
  });

  both('other paths and methods are not found', async ({ server }) => {
    for (const [method, target] of [
      ['GET', '/nowhere'],
      ['GET', '/peerjs/id/more'],
      ['GET', '/peerjs/nothing'],
      ['POST', '/peerjs/id'],
      ['DELETE', '/'],
      ['POST', '/peerjs/a/b/nothing'],
    ]) {
      const answer = await request(server, method, target, { 'Content-Length': 0 });
      assert.equal(answer.status, 404, `${method} ${target}`);
    }
  });

  improvement(
    'a 404 is JSON that names the path served here',
    'a wrong path in a client is the commonest mistake',
    async ({ server }) => {
      const answer = await get(server, '/myapp/peerjs/id', ORIGIN);
      assert.equal(answer.status, 404);
      assert.match(answer.headers['content-type'], /^application\/json/);
      JSON.parse(answer.body);
      assert.match(answer.body, /\/peerjs/);
      const own = await get(server, '/nowhere');
      assert.match(own.headers['content-type'], /^application\/json/);
    },
    async ({ server }) => {
      assert.match((await get(server, '/nowhere')).headers['content-type'], /^text\/html/);
    },
  );

  improvement(
    'a plain GET of the WebSocket path is told what is missing',
    'a proxy that drops Upgrade shows up as an unexplained 404',
    async ({ server }) => {
      for (const target of ['/peerjs', '/peerjs/', '/peerjs?key=peerjs&id=a&token=b']) {
        const answer = await get(server, target, ORIGIN);
        assert.equal(answer.status, 426, target);
        assert.match(answer.body, /Upgrade/i);
        assert.match(answer.body, /proxy/i);
        assert.equal(answer.headers['access-control-allow-origin'], 'http://app.test');
      }
    },
    async ({ server }) => {
      assert.equal((await get(server, '/peerjs?key=peerjs&id=a&token=b')).status, 404);
    },
  );

  improvement(
    'an unknown key is refused',
    'npm peer hands out ids under any key',
    async ({ server }) => {
      for (const target of ['/other/id', '/other/peers', '/PEERJS/id']) {
        const answer = await get(server, target, ORIGIN);
        assert.equal(answer.status, 401, target);
        assert.equal(answer.headers['access-control-allow-origin'], 'http://app.test');
        assert.match(answer.body, /key/i);
      }
    },
    async ({ server }) => {
      assert.match((await get(server, '/other/id')).body, UUID_V4);
    },
  );

  both('a preflight gets exactly the answer it needs', async ({ server }) => {
    const answer = await request(server, 'OPTIONS', '/peerjs/id', {
      ...ORIGIN,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'x-first, content-type',
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.body, '');
    assert.equal(answer.headers['content-length'], '0');
    assert.equal(answer.headers['access-control-allow-origin'], 'http://app.test');
    assert.equal(answer.headers['access-control-allow-methods'], 'GET,HEAD,PUT,PATCH,POST,DELETE');
    assert.equal(answer.headers['access-control-allow-headers'], 'x-first, content-type');
    assert.equal(answer.headers.vary, 'Origin, Access-Control-Request-Headers');
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
  });

  both('OPTIONS of anything at all is a preflight', async ({ server }) => {
    for (const target of ['/', '/nowhere/at/all', '/peerjs/a/b/offer']) {
      const answer = await request(server, 'OPTIONS', target);
      assert.equal(answer.status, 204, target);
      assert.equal(answer.headers['content-length'], '0');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(answer.headers['access-control-allow-headers'], undefined);
    }
  });

  improvement(
    'a preflight may be remembered for a day',
    '0.3.x clients send one before every message',
    async ({ server }) => {
      const answer = await request(server, 'OPTIONS', '/peerjs/id', ORIGIN);
      assert.equal(answer.headers['access-control-max-age'], '86400');
    },
    async ({ server }) => {
      const answer = await request(server, 'OPTIONS', '/peerjs/id', ORIGIN);
      assert.equal(answer.headers['access-control-max-age'], undefined);
    },
  );

  both('every answer lets the page that asked read it', async ({ server }) => {
    for (const target of ['/', '/peerjs/id', '/peerjs/peers', '/nowhere', '/peerjs', '/%zz/id']) {
      const asked = await get(server, target, ORIGIN);
      assert.equal(asked.headers['access-control-allow-origin'], 'http://app.test', target);
      assert.ok(varies(asked).includes('Origin'), target);
      assert.equal(asked.headers['access-control-allow-credentials'], undefined);
      const plain = await get(server, target);
      assert.equal(plain.headers['access-control-allow-origin'], undefined, target);
      assert.ok(varies(plain).includes('Origin'), target);
    }
  });

  both('a connection serves one request after the other', async ({ server }) => {
    const one = 'GET /peerjs/id HTTP/1.1\nHost: x\n\n';
    const last = 'GET / HTTP/1.1\nHost: x\nConnection: close\n\n';
    const answer = await talk(server, one + one + last);
    const bodies = answer
      .split(/HTTP\/1\.1 200 OK\r\n/)
      .slice(1)
      .map((part) => part.split('\r\n\r\n')[1]);
    assert.equal(bodies.length, 3);
    assert.match(bodies[0], UUID_V4);
    assert.match(bodies[1], UUID_V4);
    assert.notEqual(bodies[0], bodies[1]);
    assert.equal(bodies[2], INFO);
  });

  both('a connection is kept for requests that wait for their answer', async ({ server }) => {
    const agent = keepAliveAgent(server);
    const ports = [];
    try {
      for (let i = 0; i < 3; i += 1) {
        await new Promise((resolve, reject) => {
          const call = httpOf(server).request(
            { host: server.host, port: server.port, path: '/peerjs/id', agent },
            (answer) => {
              ports.push(answer.socket.localPort);
              answer.resume().on('end', resolve);
            },
          );
          call.on('error', reject).end();
        });
      }
    } finally {
      agent.destroy();
    }
    assert.equal(new Set(ports).size, 1);
  });

  both('an HTTP/1.0 request is answered and the connection closed', async ({ server }) => {
    const answer = await talk(server, 'GET / HTTP/1.0\n\n');
    assert.match(answer, /^HTTP\/1\.[01] 200 OK\r\n/);
    assert.ok(answer.endsWith(INFO));
  });

  both('what is no HTTP is refused and the connection closed', async ({ server }) => {
    assert.match(await talk(server, 'garbage\n\n'), /^HTTP\/1\.1 400 /);
    assert.match(
      await talk(
        server,
        'GET / HTTP/1.1\nHost: x\nContent-Length: 3\nTransfer-Encoding: chunked\n\n',
      ),
      /^HTTP\/1\.1 400 /,
      'two lengths',
    );
    const fat = `GET / HTTP/1.1\nHost: x\nX-Fat: ${'a'.repeat(20_000)}\n\n`;
    assert.match(await talk(server, fat), /^HTTP\/1\.1 431 /, 'a head of 20 kB');
  });

  improvement(
    'a request of HTTP/1.1 without Host is refused',
    'whether npm peer does depends on its Node',
    async ({ server }) => {
      assert.match(await talk(server, 'GET / HTTP/1.1\n\n'), /^HTTP\/1\.1 400 /);
    },
  );

  both('a refused request leaves the server serving', async ({ server, peer }) => {
    await talk(server, 'garbage\n\n');
    const a = await peer('a-');
    await a.fence();
  });
});

suite('HTTP with discovery', ['--allow_discovery'], ({ both }) => {
  both('the connected ids are told, and only those', async ({ server, peer }) => {
    const a = await peer('a-');
    const b = await peer('odd "id" -');
    const answer = await get(server, '/peerjs/peers', ORIGIN);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(answer.headers['access-control-allow-origin'], 'http://app.test');
    assert.deepEqual(JSON.parse(answer.body).sort(), [a.id, b.id].sort());
  });

  both('nobody connected is an empty list', async ({ start }) => {
    const server = await start(['--allow_discovery']);
    assert.equal((await get(server, '/peerjs/peers')).body, '[]');
  });
});

suite(
  'HTTP with --cors a --cors b',
  ['--cors', 'http://a.test', '--cors', 'http://b.test'],
  ({ both }) => {
    both('only the listed origins are echoed, all are served', async ({ server }) => {
      for (const origin of ['http://a.test', 'http://b.test']) {
        const answer = await get(server, '/peerjs/id', { Origin: origin });
        assert.equal(answer.headers['access-control-allow-origin'], origin);
        assert.ok(varies(answer).includes('Origin'));
      }
      for (const origin of [
        'http://c.test',
        'http://a.test:80',
        'https://a.test',
        'http://a.test.evil',
      ]) {
        const answer = await get(server, '/peerjs/id', { Origin: origin });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
        assert.ok(varies(answer).includes('Origin'));
      }
    });
  },
);

for (const path of ['/app', '/app/', '/deep/er']) {
  suite(`HTTP with --path ${path}`, ['--path', path], ({ both }) => {
    const base = path.replace(/\/$/, '');

    both('everything is below the path', async ({ server, peer }) => {
      assert.equal((await get(server, `${base}/`)).body, INFO);
      assert.equal((await get(server, base)).body, INFO);
      assert.match((await get(server, `${base}/peerjs/id`)).body, UUID_V4);
      assert.match((await get(server, `${base.toUpperCase()}/peerjs/id`)).body, UUID_V4);
      const a = await peer('a-', { path: `${base}/peerjs` });
      await a.fence();
    });

    both('nothing is outside of it', async ({ server }) => {
      for (const target of ['/', '/peerjs/id', `${base}x/peerjs/id`, `${base}/app/peerjs/id`]) {
        assert.equal((await get(server, target)).status, 404, target);
      }
    });
  });
}

suite(
  'HTTP of peerjsd with other options',
  [],
  ({ improvement }) => {
    improvement(
      'a path without a leading slash serves HTTP and WebSockets alike',
      'HTTP answers 404 there',
      async ({ start, peer }) => {
        const server = await start(['--path', 'app']);
        assert.match((await get(server, '/app/peerjs/id')).body, UUID_V4);
        const a = await peer('a-', { server, path: '/app/peerjs' });
        await a.fence();
      },
    );

    improvement(
      'the hint of a 404 names the path this very server has',
      'a wrong path in a client is the commonest mistake',
      async ({ start }) => {
        const server = await start(['--path', '/app']);
        const upgrade = { ...ORIGIN, Upgrade: 'websocket', Connection: 'Upgrade' };
        const cases = [
          ['/', ORIGIN],
          ['/peerjs/id', ORIGIN],
          ['/some/where/peerjs/id', ORIGIN],
          ['/app/', upgrade],
          ['/app/peerjs/id', upgrade],
        ];
        for (const [target, headers] of cases) {
          const answer = await get(server, target, headers);
          assert.equal(answer.status, 404);
          const { path, hint } = JSON.parse(answer.body);
          assert.equal(path, '/app/');
          assert.match(hint, /serves the path \/app\/:.* path: '\/app\/'/);
          assert.equal(answer.headers['access-control-allow-origin'], 'http://app.test');
        }
        await server.waitForLog(/HTTP request refused: wrong path; this server's is \/app\/ \(127/);
        const secret = await get(server, '/peerjs?key=peerjs&id=a&token=sesame', ORIGIN);
        assert.equal(JSON.parse(secret.body).target, '/peerjs');
      },
    );

    improvement(
      'who speaks TLS to it is told apart in the log',
      'its client has secure: true',
      async ({ server }) => {
        await talk(server, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
        await server.waitForLog(/HTTP request refused: This is TLS, and this port speaks none/);
      },
    );

    improvement(
      'where it is not the path that is wrong, the hint of a 404 says what is',
      'it would send people looking at the path',
      async ({ server, start }) => {
        const hint = async (method, target, from = server) =>
          JSON.parse((await request(from, method, target)).body).hint;
        assert.equal(await hint('POST', '/peerjs/id'), 'This is for GET, not for POST.');
        assert.equal(await hint('GET', '/peerjs/a/t/offer'), 'This is for POST, not for GET.');
        assert.equal(await hint('PUT', '/peerjs/id'), 'This is for GET, not for PUT.');
        assert.match(await hint('GET', '/demo'), /serves no demo; it does with --demo/);
        assert.match(await hint('GET', '/peerjs/ice'), /no TURN servers; it does with --turn_secret/);
        assert.match(await hint('GET', '/what/ever'), /serves the path \/:/);
        assert.match(await hint('GET', '/some/where/peerjs/id'), /serves the path \/:/);
        const demo = await start(['--demo']);
        assert.equal(await hint('POST', '/demo', demo), 'This is for GET, not for POST.');
      },
    );

    improvement(
      '--id_format token gives sixteen letters and digits',
      'the form of the article and of 0.2.x',
      async ({ start }) => {
        const server = await start(['--id_format', 'token']);
        const answer = await get(server, '/peerjs/id');
        assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8');
        assert.match(answer.body, /^[a-z0-9]{16}$/);
        assert.notEqual((await get(server, '/peerjs/id')).body, answer.body);
      },
    );

    improvement('--compat_http_key takes any key', 'it restores npm peer', async ({ start }) => {
      const server = await start(['--compat_http_key', '--allow_discovery']);
      assert.match((await get(server, '/other/id')).body, UUID_V4);
      assert.equal((await get(server, '/other/peers')).status, 200);
    });
  },
  { kinds: ['peerjsd'] },
);
