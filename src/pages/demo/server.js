// ---- This page at the server: its code, and how it comes back

// Letters and digits that are not taken for one another.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const MOST_CODES = 5;
const RETRY_MS = 3_000;

let peer;
let registered = false; // has it been, ever
let codesTried = 0;

function randomCode() {
  const letters = [...crypto.getRandomValues(new Uint32Array(6))].map(
    (number) => ALPHABET[number % ALPHABET.length],
  );
  letters.splice(3, 0, '-');
  return letters.join('');
}

/** However a code was typed. */
function codeFrom(text) {
  const code = text.replace(/\s/g, '');
  const bare = /^([a-z0-9]{3})-?([a-z0-9]{3})$/i.exec(code);
  return bare ? `${bare[1]}-${bare[2]}`.toLowerCase() : code;
}

/** Where this page is, which is below the server's path. */
function serverOptions() {
  const { hostname, port, protocol, pathname } = window.location;
  const secure = protocol === 'https:';
  return {
    host: hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    path: pathname.replace(/[^/]+\/*$/, ''),
    key: setting('key'),
    secure,
  };
}

/** With `id` undefined the server gives one. */
function register(id) {
  const mine = new Peer(id, serverOptions());
  peer = mine;
  // One that was given up for another has nothing to say any more.
  const on = (event, handle) => mine.on(event, (detail) => mine === peer && handle(detail));
  on('open', showOwnCode);
  on('connection', meet);
  on('call', ring);
  on('disconnected', comeBack);
  on('close', () => sayServerState('Not connected to the server'));
  on('error', explain);
}

function showOwnCode(id) {
  const isFirst = !registered;
  registered = true;
  sayServerState('Connected to the server');
  $('code').value = id;
  $('link').href = $('link').textContent = new URL(`#${encodeURIComponent(id)}`, window.location).href;
  $('share').disabled = $('connect').disabled = false;
  if (isFirst) followLink();
}

function comeBack() {
  const mine = peer;
  sayServerState('Lost the server, trying again…');
  $('connect').disabled = true;
  setTimeout(() => {
    if (mine !== peer || mine.destroyed || !mine.disconnected) return;
    if (registered) mine.reconnect();
    else register(randomCode());
  }, RETRY_MS);
}

function tryAnotherCode(code) {
  codesTried += 1;
  const mayTry = !registered && codesTried < MOST_CODES;
  if (mayTry) register(code);
  return mayTry;
}

function explain({ type, message }) {
  if (type === 'unavailable-id' && tryAnotherCode(randomCode())) return;
  const isRefused = type === 'server-error' && /not allowed/i.test(message);
  if (isRefused && tryAnotherCode(undefined)) return;
  if (type === 'peer-unavailable') missing(message);
  else if (type !== 'network') complain(`${message} (${type})`); // of that 'disconnected' tells
}

/** The code in this page's own address, if it came with one. */
function followLink() {
  let code = window.location.hash.slice(1);
  try {
    code = codeFrom(decodeURIComponent(code));
  } catch {
    return; // a broken escape
  }
  if (code !== '' && code !== peer.id && !link) dial(code);
}

async function share() {
  const url = $('link').href;
  if (navigator.share) return navigator.share({ url }).catch(() => {});
  try {
    await navigator.clipboard.writeText(url);
    $('shared').textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren($('link'));
    $('shared').textContent = 'Copy it by hand: the browser does not let this page do it';
  }
}
