// Real PeerJS clients in a real headless Chromium: pages on two origins, one event log per tab,
// and a test wrapper that shows everything on failure and leaves nothing running.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const WAIT_MS = 15_000;
const SCENARIO_LIMIT_MS = 90_000;
const LOG_TAIL = 4_000;

/** The released clients that nearly every scenario runs with, and all that a page can load. */
export const VERSIONS = ['1.0.0', '1.5.5', '2.0.0-beta.3'];
/** The released clients with an XHR stream beside or instead of the WebSocket. */
export const LEGACY_VERSIONS = ['0.3.8', '0.3.14', '0.3.20', '0.3.24'];
const LOADABLE = [...LEGACY_VERSIONS, ...VERSIONS, '1.3.2'];

function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

/**
 * Opens one browser and the two sites for all tests of the calling file. `scenario(name, body)`
 * is a test whose body gets a Cast; whatever the Cast handed out is closed at the end, and its
 * logs are printed if the body fails.
 */
export function useBrowser() {
  const stock = { sites: [], idleWindows: [] };
  before(async () => {
    stock.sites = [await openSite('127.0.0.1'), await openSite('localhost')];
    stock.browser = await launchBrowser();
  });
  after(async () => {
    await stock.browser?.close();
    for (const site of stock.sites) site.close();
  });

  function scenario(name, body) {
    test(name, { timeout: SCENARIO_LIMIT_MS }, async (t) => {
      const cast = new Cast(stock, t);
      let passed = false;
      try {
        await body(cast);
        passed = true;
      } finally {
        if (!passed) console.error(`--- ${name}\n${cast.logs()}`);
        await cast.close({ keepWindows: passed });
      }
      cast.checkEnd();
    });
  }
  return { scenario };
}

/** What one scenario uses: servers, browsers and tabs. */
class Cast {
  #stock;
  #test;
  #tabs = [];
  #tabCount = 0;
  #servers = [];
  #ends = [];
  #onClose = [];
  #faults = [];

  constructor(stock, t) {
    this.#stock = stock;
    this.#test = t;
  }

  note(text) {
    this.#test.diagnostic(text);
  }

  /** `starting` is what startPeerjsd() or startNpmPeer() returned. */
  async server(starting) {
    const server = await starting;
    this.#servers.push(server);
    return server;
  }

  /**
   * A tab with that client version loaded; successive tabs alternate between two origins.
   * `conditions` are words that prepare.js knows.
   */
  async tab(version, ...conditions) {
    const { browser, idleWindows } = this.#stock;
    const { origin, number } = this.#nextTab();
    const known = idleWindows.findIndex((window) => window.origin === origin);
    const window =
      known < 0 ? await openWindow(browser, origin) : idleWindows.splice(known, 1)[0];
    this.onClose(async ({ keepWindows }) => {
      window.tab = null;
      if (!keepWindows || window.page.isClosed()) return window.page.context().close();
      await window.page.goto('about:blank');
      return idleWindows.push(window);
    });
    return this.#load(window, version, number, conditions);
  }

  /**
   * A window of its own for a page of the server's. What goes wrong on it fails the scenario,
   * unless it `mayFail`. `options` as of playwright's newContext().
   */
  async page({ mayFail = false, ...options } = {}) {
    const context = await this.#stock.browser.newContext(options);
    this.onClose(() => context.close());
    const page = await context.newPage();
    this.#tabCount += 1;
    const lines = [];
    this.#tabs.push({ name: `page ${this.#tabCount}`, lines });
    const wrong = (line) => {
      lines.push(line);
      if (!mayFail) this.#faults.push(line);
    };
    page.on('console', (message) => {
      const line = `${message.type()}: ${message.text()}`;
      if (message.type() === 'error') wrong(line);
      else lines.push(line);
    });
    page.on('pageerror', (error) => wrong(`uncaught: ${error.message}`));
    return page;
  }

  tabs(...versions) {
    return Promise.all(versions.map((version) => this.tab(version)));
  }

  /** Another browser, for scenarios that kill it. `pid` is its main process. */
  async browser() {
    const browser = await launchBrowser();
    this.onClose(() => browser.close());
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const { id: pid } = processInfo.find(({ type }) => type === 'browser');
    const tab = async (version) => {
      const { origin, number } = this.#nextTab();
      return this.#load(await openWindow(browser, origin), version, number);
    };
    return { pid, tab };
  }

  /** Runs `action` when the scenario is over. */
  onClose(action) {
    this.#onClose.push(action);
  }

  #nextTab() {
    const { sites } = this.#stock;
    const { origin } = sites[this.#tabCount % sites.length];
    this.#tabCount += 1;
    return { origin, number: this.#tabCount };
  }

  async #load(window, version, number, conditions = []) {
    const name = [version, ...conditions].join(' ');
    const tab = new Tab(`tab ${number} (${name}, ${window.origin})`, window.page);
    this.#tabs.push(tab);
    window.tab = tab;
    await tab.page.goto(`${window.origin}/${version}/#${conditions.join(',')}`);
    return tab;
  }

  logs() {
    const parts = this.#tabs.map((tab) => `[${tab.name}]\n${tab.lines.join('\n')}`);
    for (const server of this.#servers) {
      parts.push(`[${server.kind} on port ${server.port}]\n${server.log().slice(-LOG_TAIL)}`);
    }
    return parts.join('\n');
  }

  async close(how) {
    await Promise.allSettled(this.#onClose.map((action) => action(how)));
    this.#ends = await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** A peerjsd that crashed, hung, or has something to say through a sanitizer ends otherwise. */
  checkEnd() {
    if (this.#faults.length > 0) throw new Error(`on a page:\n${this.#faults.join('\n')}`);
    this.#servers.forEach((server, index) => {
      const { code, signal } = this.#ends[index];
      if (server.kind === 'peer' || code === 0) return;
      throw new Error(`peerjsd ended with code ${code}, signal ${signal}:\n${server.log()}`);
    });
  }
}

/** A window outlives its scenario: a fresh one takes half a second and a process. */
async function openWindow(browser, origin) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true }); // the tests' own certificate
  const page = await context.newPage();
  const window = { origin, page, tab: null };
  const note = (line) => window.tab?.lines.push(line);
  page.on('console', (message) => note(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => note(`uncaught: ${error.message}`));
  page.on('crash', () => note('crashed'));
  page.on('websocket', () => window.tab?.record('websocket', null));
  await page.exposeFunction('tellTest', (event, detail) => window.tab?.record(event, detail));
  return window;
}

/** One page with one Peer. Its events are called "peer open", "NAME data", "NAME close"… */
class Tab {
  name;
  page;
  lines = [];
  #events = [];
  #taken = new Map();
  #waiting = new Set();

  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  record(event, detail) {
    this.lines.push(`event: ${event} ${JSON.stringify(detail).slice(0, 200)}`);
    this.#events.push({ event, detail });
    for (const look of this.#waiting) look();
  }

  /** The detail of the next event of that name that no earlier call has returned. */
  event(event, within = WAIT_MS) {
    const index = this.#taken.get(event) ?? 0;
    this.#taken.set(event, index + 1);
    return new Promise((resolve, reject) => {
      const settle = (action, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        action(value);
      };
      const look = () => {
        const found = this.all(event)[index];
        if (found) settle(resolve, found.detail);
      };
      const timer = setTimeout(() => {
        settle(reject, new Error(`${this.name}: no "${event}" within ${within} ms`));
      }, within);
      this.#waiting.add(look);
      look();
    });
  }

  /** All events of that name so far. */
  all(event) {
    return this.#events.filter((one) => one.event === event);
  }

  /** Calls window.stage.METHOD in the page, which must not take for ever. */
  async do(method, ...args) {
    let timer;
    const deadline = new Promise((_, reject) => {
      const text = `${this.name}: ${method}() not done within ${WAIT_MS} ms`;
      timer = setTimeout(() => reject(new Error(text)), WAIT_MS);
    });
    const call = ([name, values]) => window.stage[name](...values);
    try {
      return await Promise.race([this.page.evaluate(call, [method, args]), deadline]);
    } finally {
      clearTimeout(timer);
    }
  }

  async noteChannel(name) {
    this.lines.push(`channel ${name}: ${JSON.stringify(await this.do('channelState', name))}`);
  }

  /** Makes the Peer; does not wait for it. `id` undefined: the server gives one. */
  start(server, id, options = {}) {
    const { host, port } = server;
    const secure = server.secure ? { secure: true } : {};
    const config = { iceServers: [] };
    return this.do('start', id, { host, port, path: '/', ...secure, debug: 2, config, ...options });
  }

  /** Makes the Peer and waits until it is open. Returns its id. */
  async join(server, id, options) {
    const opened = this.event('peer open');
    await this.start(server, id, options);
    return opened;
  }
}

/** Opens a data channel called `name` and waits for both ends. */
export async function openChannel(from, to, toId, name) {
  const opened = Promise.all([from.event(`${name} open`), to.event(`${name} open`)]);
  await Promise.all([opened, from.do('connect', name, toId)]);
}

let exchanged = 0;

/**
 * Sends a new text each way over the channel; fails unless both arrive. No server has a part in it:
 * where one does not arrive, the browsers' own account of the channel goes into the logs.
 */
export async function exchange(one, other, name) {
  for (const [from, to] of [[one, other], [other, one]]) {
    const text = `message ${(exchanged += 1)} ✓`;
    const arrival = to.event(`${name} data`);
    await from.do('send', name, text);
    const got = await arrival.catch(async (error) => {
      await Promise.allSettled([from, to].map((tab) => tab.noteChannel(name)));
      throw error;
    });
    if (got !== text) throw new Error(`${to.name}: "${name}" brought ${got} instead of ${text}`);
  }
}

function clientFile(version) {
  const file = ['0.3.8', '0.3.14', '0.3.20'].includes(version) ? 'peer.min.js' : 'peerjs.min.js';
  return `../node_modules/peerjs-${version}/dist/${file}`;
}

async function openSite(host) {
  const here = (file) => new URL(file, import.meta.url);
  const files = {
    '': ['text/html', () => here('page.html')],
    'prepare.js': ['text/javascript', () => here('prepare.js')],
    'page.js': ['text/javascript', () => here('page.js')],
    'peerjs.js': ['text/javascript', (version) => here(clientFile(version))],
  };
  const server = createServer(async (request, response) => {
    const [, version, file] = request.url.split('/');
    if (!LOADABLE.includes(version) || !(file in files)) return response.writeHead(404).end();
    const [type, locate] = files[file];
    response.setHeader('Content-Type', `${type}; charset=utf-8`);
    return response.end(await readFile(locate(version)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://${host}:${server.address().port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
