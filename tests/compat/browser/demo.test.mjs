// The demo and the page at the server's root, as people use them: by mouse, by keyboard, by link,
// on a phone.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import { useBrowser } from '../support/browser.mjs';
import { startPeerjsd } from '../support/server.mjs';

const { scenario } = useBrowser();

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const CLIENT = new URL('../node_modules/peerjs-1.5.5/dist/peerjs.min.js', import.meta.url);

// DEMO_SCREENSHOTS=DIRECTORY leaves what the pages looked like there.
const SCREENSHOTS = process.env.DEMO_SCREENSHOTS;

let cdn; // where the client is loaded from
before(async () => {
  const file = await readFile(CLIENT);
  cdn = createServer((request, response) => {
    if (!request.url.endsWith('.js')) return response.writeHead(404).end();
    response.setHeader('Content-Type', 'text/javascript');
    return response.end(file);
  });
  await new Promise((resolve) => cdn.listen(0, '127.0.0.1', resolve));
});
after(() => cdn.close());

const clientUrl = () => `http://127.0.0.1:${cdn.address().port}/peerjs.js`;

async function start(cast, ...args) {
  return cast.server(startPeerjsd(['--demo', '--demo_client', clientUrl(), ...args]));
}

/** A page of its own: what is wrong on it fails the scenario. */
async function open(cast, url, { viewport = DESKTOP, ...options } = {}) {
  const page = await cast.page({ viewport, ...options });
  await page.goto(url);
  return page;
}

async function look(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
}

const root = (server, path = '/') => `http://127.0.0.1:${server.port}${path}`;
const code = (page) => page.locator('#code');
const talking = (page) => page.locator('#talk').waitFor();

/** The code that the server has confirmed. */
async function ownCode(page) {
  await page.getByText('Connected to the server').waitFor();
  return code(page).innerText();
}

async function connected(cast, server, options) {
  const [one, two] = await Promise.all([
    open(cast, root(server, '/demo'), options),
    open(cast, root(server, '/demo'), options),
  ]);
  await two.getByLabel('Their code').fill(await ownCode(one));
  await ownCode(two);
  await two.getByRole('button', { name: 'Connect', exact: true }).click();
  await Promise.all([talking(one), talking(two)]);
  return [one, two];
}

/** Nothing sticks out at the side. */
async function assertFits(page) {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  assert.ok(scroll <= client, `${scroll} px wide in a window of ${client}`);
}

/** Moving pictures have come. */
const playing = (page) =>
  page.waitForFunction(() => {
    const video = document.getElementById('their-video');
    return video.videoWidth > 0 && video.currentTime > 0;
  });

scenario('a chat goes both ways, with path and round trip shown', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  for (const [from, to, text] of [
    [one, two, 'hello <b>there</b>'],
    [two, one, 'hello back ✓'],
  ]) {
    await from.getByLabel('Message', { exact: true }).fill(text);
    await from.getByRole('button', { name: 'Send' }).click();
    await to.getByRole('log').getByText(text, { exact: true }).waitFor();
    await from.getByRole('log').getByText(text, { exact: true }).waitFor();
  }
  await one.locator('#ice-path', { hasText: 'direct (udp)' }).waitFor();
  await one.locator('#round-trip', { hasText: / ms$/ }).waitFor();
  await one.locator('#connection-state', { hasText: 'connected' }).waitFor();
  await look(one, 'chat');
  await two.getByRole('button', { name: 'Disconnect' }).click();
  await one.getByRole('alert').getByText('has left').waitFor();
  assert.equal(await code(one).isVisible(), true);
});

scenario('files arrive whole, small, large and empty', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  const large = Buffer.from(Uint32Array.from({ length: 700_000 }, (_, i) => i * 2654435761).buffer);
  for (const [name, buffer] of [
    ['note.txt', Buffer.from('hello')],
    ['large.bin', large],
    ['<i>empty</i>', Buffer.alloc(0)],
  ]) {
    await one.locator('#file').setInputFiles({ name, mimeType: 'text/html', buffer });
    const line = two.getByRole('listitem').filter({ hasText: name });
    const [download] = await Promise.all([
      two.waitForEvent('download'),
      line.getByRole('link', { name: 'Save' }).click(),
    ]);
    assert.ok((await readFile(await download.path())).equals(buffer), name);
    await one.getByRole('listitem').filter({ hasText: name }).getByText('(sent)').waitFor();
  }
});

scenario('what was said, and the files, stay when the other one has gone', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  await one.locator('#file').setInputFiles({ name: 'a.txt', mimeType: '', buffer: Buffer.from('a') });
  const line = two.getByRole('listitem').filter({ hasText: 'a.txt' });
  await line.getByRole('link', { name: 'Save' }).waitFor();
  await one.close();
  await two.getByRole('alert').getByText('has left').waitFor();
  const [download] = await Promise.all([
    two.waitForEvent('download'),
    line.getByRole('link', { name: 'Save' }).click(),
  ]);
  assert.equal(await readFile(await download.path(), 'utf8'), 'a');
  assert.equal(await two.getByRole('button', { name: 'Send' }).isVisible(), false);
});

/** Until released, connections of this page, its own and theirs, do not know that they are open. */
function holdBack(page) {
  return page.evaluate(() => {
    window.held = { own: [], their: [] };
    const hold = (connection, whose) => {
      const { emit } = connection;
      Object.defineProperty(connection, 'open', { value: false, configurable: true });
      connection.emit = (name, ...details) => {
        if (name !== 'open') return emit.call(connection, name, ...details);
        return window.held[whose].push(() => {
          delete connection.open;
          delete connection.emit;
          if (connection.open) connection.emit('open');
        });
      };
      return connection;
    };
    const connect = peer.connect.bind(peer);
    peer.connect = (...what) => hold(connect(...what), 'own');
    peer.on('connection', (connection) => hold(connection, 'their'));
  });
}

const releaseTheir = (when) => {
  while (Date.now() < when);
  held.their[0]();
};

scenario('two who dial each other at once are connected', async (cast) => {
  const server = await start(cast);
  const pages = await Promise.all([1, 2].map(() => open(cast, root(server, '/demo'))));
  const [first, second] = await Promise.all(pages.map(ownCode));
  await Promise.all([
    pages[0].getByLabel('Their code').fill(second),
    pages[1].getByLabel('Their code').fill(first),
  ]);
  await Promise.all(pages.map(holdBack));
  await Promise.all(
    pages.map((page) => page.getByRole('button', { name: 'Connect', exact: true }).click()),
  );
  await Promise.all(
    pages.map((page) => page.waitForFunction(() => held.own.length === 1 && held.their.length === 1)),
  );
  // The worst order: each has the other's before its own, both in the same millisecond.
  const when = Date.now() + 200;
  await Promise.all(pages.map((page) => page.evaluate(releaseTheir, when)));
  await Promise.all(pages.map((page) => page.evaluate(() => held.own[0]())));
  await Promise.all(pages.map(talking));
  await pages[0].getByLabel('Message', { exact: true }).fill('through');
  await pages[0].getByRole('button', { name: 'Send' }).click();
  await pages[1].getByRole('log').getByText('through', { exact: true }).waitFor();
});

scenario('two who call each other at once come to one call', async (cast) => {
  const pages = await connected(cast, await start(cast));
  await Promise.all(
    pages.map((page) => page.evaluate(() => document.getElementById('call').click())),
  );
  await Promise.race(
    pages.map((page) => page.getByRole('button', { name: 'Answer' }).click()),
  );
  await Promise.all(pages.map(playing));
});

scenario('a third one costs two nothing', async (cast) => {
  const server = await start(cast, '--expire_timeout', '100');
  const [one, two] = await connected(cast, server);
  const third = await open(cast, root(server, '/demo'));
  await ownCode(third);
  await third.getByLabel('Their code').fill(await code(one).textContent());
  await third.getByRole('button', { name: 'Connect', exact: true }).click();
  await third.getByRole('alert').getByText('is talking with somebody else').waitFor();
  // Whoever offers a connection and vanishes has the answer to him expire.
  await one.evaluate(
    () =>
      new Promise((resolve) => {
        peer.on('error', ({ type }) => type === 'peer-unavailable' && resolve());
        peer.socket.send({ type: 'ANSWER', dst: 'vanished', payload: {} });
      }),
  );
  await one.getByLabel('Message', { exact: true }).fill('still here');
  await one.getByRole('button', { name: 'Send' }).click();
  await two.getByRole('log').getByText('still here', { exact: true }).waitFor();
});

scenario('the camera is off when the call has ended, however often it was answered', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  await two.evaluate(() => {
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    window.tracks = [];
    devices.getUserMedia = async (wish) => {
      const stream = await ask(wish);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await one.getByRole('button', { name: 'Video call' }).click();
  await two.getByRole('button', { name: 'Answer' }).waitFor();
  await two.evaluate(() => {
    for (let i = 0; i < 3; i += 1) document.getElementById('answer').click();
  });
  await playing(two);
  // What is muted is what is sent.
  await two.getByRole('button', { name: 'Mute' }).click();
  const sent = await two.evaluate(() =>
    call.peerConnection.getSenders().map(({ track }) => [track.kind, track.enabled]),
  );
  assert.deepEqual(sent.sort(), [['audio', false], ['video', true]]);
  await one.getByRole('button', { name: 'Hang up' }).click();
  await two.getByRole('button', { name: 'Video call' }).waitFor();
  const states = await two.evaluate(() => window.tracks.map(({ readyState }) => readyState));
  assert.deepEqual(states, ['ended', 'ended']);
});

scenario('a file can be dropped', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  const transfer = await one.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['dropped'], 'dropped.txt'));
    return data;
  });
  await one.locator('#drop').dispatchEvent('drop', { dataTransfer: transfer });
  await two.getByRole('listitem').filter({ hasText: 'dropped.txt' }).getByRole('link').waitFor();
});

scenario('a video call: answered, muted, hung up, declined', async (cast) => {
  const [one, two] = await connected(cast, await start(cast));
  await one.getByRole('button', { name: 'Video call' }).click();
  await two.getByRole('button', { name: 'Answer' }).click();
  await Promise.all([playing(one), playing(two)]);
  await look(one, 'call');

  const mute = one.getByRole('button', { name: 'Mute' });
  await mute.click();
  assert.equal(await mute.getAttribute('aria-pressed'), 'true');
  const enabled = () =>
    one.evaluate(() => document.getElementById('own-video').srcObject.getAudioTracks()[0].enabled);
  assert.equal(await enabled(), false);
  await mute.click();
  assert.equal(await enabled(), true);

  await two.getByRole('button', { name: 'Hang up' }).click();
  await one.getByRole('button', { name: 'Video call' }).waitFor();
  assert.equal(await one.locator('#stage').isVisible(), false);

  await two.getByRole('button', { name: 'Video call' }).click();
  await one.getByRole('button', { name: 'Decline' }).click();
  await two.getByRole('button', { name: 'Video call' }).waitFor();
  assert.equal(await two.locator('#stage').isVisible(), false);
});

scenario('by keyboard alone', async (cast) => {
  const server = await start(cast);
  const [one, two] = await Promise.all([
    open(cast, root(server, '/demo')),
    open(cast, root(server, '/demo')),
  ]);
  const theirs = await ownCode(two);
  await ownCode(one);
  const focused = () => one.evaluate(() => document.activeElement.id);
  const tabTo = async (id) => {
    for (let presses = 0; presses < 30; presses += 1) {
      await one.keyboard.press('Tab');
      if ((await focused()) === id) return;
    }
    throw new Error(`Tab does not come to ${id}`);
  };
  await tabTo('share');
  await tabTo('other-code');
  await one.keyboard.type(`${theirs.replace('-', '').toUpperCase()} `);
  await one.keyboard.press('Enter');
  await Promise.all([talking(one), talking(two)]);
  assert.equal(await focused(), 'talk-title');
  await tabTo('text');
  await one.keyboard.type('typed');
  await one.keyboard.press('Enter');
  await two.getByRole('log').getByText('typed', { exact: true }).waitFor();
  await tabTo('file');

  await two.getByRole('button', { name: 'Video call' }).click();
  await one.waitForFunction(() => document.activeElement.id === 'answer');
  await one.keyboard.press('Enter');
  await playing(one);
  assert.equal(await focused(), 'hang-up');
  await one.keyboard.press('Space');
  await two.getByRole('button', { name: 'Video call' }).waitFor();
});

scenario('on phones, by link', async (cast) => {
  const server = await start(cast, '--path', '/myapp', '--key', 'other');
  const options = { viewport: PHONE, hasTouch: true, isMobile: true, colorScheme: 'dark' };
  const one = await open(cast, root(server, '/myapp/demo'), options);
  const id = await ownCode(one);
  await assertFits(one);
  await look(one, 'phone_start');
  const link = await one.locator('#link').getAttribute('href');
  assert.equal(link, root(server, `/myapp/demo#${id}`));
  const two = await open(cast, link, options);
  await Promise.all([talking(one), talking(two)]);
  await two.getByLabel('Message', { exact: true }).fill('x'.repeat(300));
  await two.getByRole('button', { name: 'Send' }).click();
  await one.getByRole('log').getByText('xxx').waitFor();
  await one.getByRole('button', { name: 'Video call' }).tap();
  await two.getByRole('button', { name: 'Answer' }).tap();
  await playing(two);
  await Promise.all([assertFits(one), assertFits(two)]);
  await look(two, 'phone_call');
});

scenario('it says plainly what is wrong', async (cast) => {
  const server = await start(cast);
  const page = await open(cast, root(server, '/demo'));
  await ownCode(page);
  const complaint = page.getByRole('alert');
  await page.getByLabel('Their code').fill('no-one');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await complaint.getByText('Nobody has the code no-one now').waitFor();
  await page.getByLabel('Their code').fill(await code(page).innerText());
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await complaint.getByText('That is your own code').waitFor();
  await look(page, 'problem');

  const lost = await open(cast, root(await cast.server(startPeerjsd(['--demo', '--demo_client', '/no.js'])), '/demo'), { mayFail: true });
  await lost.getByRole('alert').getByText('could not be loaded from').waitFor();
  await lost.getByRole('alert').getByText('--demo_client').waitFor();
});

scenario('where ids have a pattern, the server gives one', async (cast) => {
  const server = await start(cast, '--id_pattern', '[0-9a-f-]{36}');
  const page = await open(cast, root(server, '/demo'));
  assert.match(await ownCode(page), /^[0-9a-f-]{36}$/);
  await assertFits(page);
});

scenario('it finds the server again after a restart', async (cast) => {
  const server = await start(cast);
  const page = await open(cast, root(server, '/demo'), { mayFail: true });
  const id = await ownCode(page);
  await server.stop();
  await page.getByText('Lost the server').waitFor();
  await start(cast, '--port', String(server.port));
  assert.equal(await ownCode(page), id);
});

scenario('the root page says that it runs, how to connect, and where the demo is', async (cast) => {
  const server = await start(cast, '--path', '/myapp');
  for (const [viewport, path] of [
    [DESKTOP, '/myapp/'],
    [PHONE, '/myapp'],
  ]) {
    const page = await open(cast, root(server, path), { viewport });
    await page.getByRole('heading', { name: 'This PeerJS server is running' }).waitFor();
    const snippet = await page.locator('#snippet').innerText();
    assert.match(snippet, new RegExp(`host: "127.0.0.1",\\s+port: ${server.port},\\s+path: "/myapp/"`));
    await assertFits(page);
    await look(page, `root_${viewport.width}`);
    await page.getByRole('link', { name: /call, a chat/ }).click();
    await ownCode(page);
  }
});

scenario('without --demo there is none, and no link to it', async (cast) => {
  const server = await cast.server(startPeerjsd([]));
  const page = await open(cast, root(server));
  await page.getByRole('heading', { name: 'This PeerJS server is running' }).waitFor();
  assert.equal(await page.getByRole('link', { name: /chat/ }).count(), 0);
  assert.equal((await fetch(root(server, '/demo'))).status, 404);
  assert.equal((await (await fetch(root(server))).json()).name, 'PeerJS Server');
});
