'use strict';

// Letters and digits that are not taken for one another.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const MOST_CODES = 5;
const RETRY_MS = 3_000;
const STATS_MS = 1_000;
// What goes in one message of every client, and how much may wait in the browser.
const PART_BYTES = 15 * 1024;
const MOST_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_POLL_MS = 20;
const LARGEST_FILE_BYTES = 512 * 1024 * 1024;
const MOST_LINES = 500;

const $ = (id) => document.getElementById(id);
const setting = (name) => document.querySelector(`meta[name="peerjs-${name}"]`).content;
const { nonce } = document.currentScript;

let peer; // this page, at the server
let link; // the data connection to the other one
let call; // the video call with it
let registered = false; // has it been, ever
let codesTried = 0;
let filesSent = 0;
const incoming = new Map(); // files on their way here, by their number

// ---- What the page says

function complain(text) {
  $('problem').textContent = text;
  $('problem').hidden = text === '';
}

function sayServerState(text) {
  $('server-state').textContent = text;
}

/** Adds a line to the messages: who says it, and text or an element. */
function addLine(from, content) {
  const line = document.createElement('li');
  const name = document.createElement('span');
  name.className = 'from';
  name.textContent = `${from}:`;
  const said = document.createElement('span');
  said.append(content);
  line.append(name, said);
  $('messages').append(line);
  while ($('messages').children.length > MOST_LINES) $('messages').firstElementChild.remove();
  $('messages').scrollTop = $('messages').scrollHeight;
  return line;
}

// ---- The server

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
  codesTried += 1;
  peer = new Peer(id, serverOptions());
  peer.on('open', showOwnCode);
  peer.on('connection', meet);
  peer.on('call', ring);
  peer.on('disconnected', comeBack);
  peer.on('error', explain);
}

function showOwnCode(id) {
  registered = true;
  sayServerState('Connected to the server');
  complain('');
  $('code').value = id;
  $('link').href = $('link').textContent = new URL(`#${encodeURIComponent(id)}`, window.location).href;
  $('share').disabled = $('connect').disabled = false;
  followLink();
}

function comeBack() {
  if (peer.destroyed) return;
  sayServerState('Lost the server, trying again…');
  setTimeout(() => {
    if (!peer.destroyed && peer.disconnected) peer.reconnect();
  }, RETRY_MS);
}

function explain(error) {
  const again = !registered && codesTried < MOST_CODES;
  if (error.type === 'unavailable-id' && again) return register(randomCode());
  if (error.type === 'server-error' && /not allowed/i.test(error.message) && again) {
    return register(undefined);
  }
  if (error.type === 'peer-unavailable') {
    const code = link?.peer;
    closeLink();
    return complain(`Nobody has the code ${code} now. Is the other page still open?`);
  }
  if (error.type === 'network') return comeBack();
  if (peer.destroyed) sayServerState('Not connected to the server');
  return complain(`${error.message} (${error.type})`);
}

function followLink() {
  const code = codeFrom(decodeURIComponent(window.location.hash.slice(1)));
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

// ---- The other page

function dial(code) {
  complain('');
  if (!peer.open) return complain('The server is not reached at the moment.');
  if (code === peer.id) return complain('That is your own code; enter it on the other page.');
  closeLink();
  return hold(peer.connect(code, { reliable: true }));
}

/** One at a time. */
function meet(connection) {
  if (!link) return hold(connection);
  return connection.on('open', () => connection.close());
}

function hold(connection) {
  link = connection;
  $('connect').disabled = true;
  $('connection-state').textContent = 'connecting';
  connection.on('open', () => startTalk(connection));
  connection.on('data', (data) => connection === link && hear(data));
  connection.on('error', (error) => complain(error.message));
  connection.on('close', () => {
    if (connection !== link) return;
    closeLink();
    complain(`${connection.peer} has left.`);
  });
}

function startTalk(connection) {
  if (connection !== link) return;
  complain('');
  $('messages').replaceChildren();
  $('talk-title').textContent = `Connected with ${connection.peer}`;
  $('talk').hidden = false;
  $('meet').hidden = true;
  $('talk-title').focus();
}

/** As it was before there was anybody. */
function closeLink() {
  const old = link;
  link = undefined;
  endCall();
  old?.close();
  incoming.clear();
  $('talk').hidden = true;
  $('meet').hidden = false;
  $('connect').disabled = !peer.open;
}

/** `message` can be anything: it comes from the other page. */
function hear(message) {
  if (message?.kind === 'text') addLine('They', String(message.text));
  if (message?.kind === 'end-call') endCall();
  if (message?.kind === 'file') expectFile(message);
  if (message?.kind === 'part') takePart(message);
}

function chat(event) {
  event.preventDefault();
  const text = $('text').value;
  link.send({ kind: 'text', text });
  addLine('You', text);
  $('text').value = '';
}

// ---- Files

async function sendFile(file) {
  const connection = link;
  if (file.size > LARGEST_FILE_BYTES) return complain(`${file.name} is larger than 512 MB.`);
  filesSent += 1;
  const id = filesSent;
  const bar = document.createElement('progress');
  bar.max = file.size || 1;
  addLine('You', `${file.name} `).append(bar);
  connection.send({ kind: 'file', id, name: file.name, size: file.size });
  for (let at = 0; at < file.size; at += PART_BYTES) {
    const data = await file.slice(at, at + PART_BYTES).arrayBuffer();
    await roomIn(connection);
    if (connection !== link) return undefined;
    connection.send({ kind: 'part', id, data });
    bar.value = at + data.byteLength;
  }
  return bar.replaceWith('(sent)');
}

async function roomIn(connection) {
  while (connection === link && connection.dataChannel.bufferedAmount > MOST_BUFFERED_BYTES) {
    await new Promise((resolve) => setTimeout(resolve, BUFFER_POLL_MS));
  }
}

function expectFile({ id, name, size }) {
  if (!Number.isSafeInteger(size) || size < 0 || size > LARGEST_FILE_BYTES) return;
  const bar = document.createElement('progress');
  bar.max = size || 1;
  const file = { name: String(name), size, parts: [], bytes: 0, bar };
  addLine('They', `${file.name} `).append(bar);
  incoming.set(id, file);
  finishFile(id, file);
}

function takePart({ id, data }) {
  const file = incoming.get(id);
  const bytes = data?.byteLength;
  if (!file || !Number.isInteger(bytes) || file.bytes + bytes > file.size) return;
  file.parts.push(data);
  file.bytes += bytes;
  file.bar.value = file.bytes;
  finishFile(id, file);
}

function finishFile(id, file) {
  if (file.bytes < file.size) return;
  incoming.delete(id);
  // Of no type that the browser would show as a page of this origin.
  const blob = new Blob(file.parts, { type: 'application/octet-stream' });
  const save = document.createElement('a');
  save.href = URL.createObjectURL(blob);
  save.download = file.name;
  save.textContent = 'Save';
  file.bar.replaceWith(save);
}

async function sendFiles(files) {
  for (const file of files) await sendFile(file);
}

function drop(event) {
  event.preventDefault();
  $('drop').classList.remove('over');
  sendFiles([...event.dataTransfer.files]);
}

// ---- Video

function explainCamera(error) {
  const reasons = {
    NotAllowedError: 'The browser may not use camera and microphone: allow it for this page.',
    NotFoundError: 'There is neither a camera nor a microphone.',
    NotReadableError: 'Camera or microphone are in use by another program.',
  };
  complain(reasons[error.name] ?? error.message);
}

/** Or the microphone alone, where there is no camera; undefined if neither, which the page says. */
async function openCamera() {
  const devices = navigator.mediaDevices;
  if (!devices) return complain('Browsers give camera and microphone to https pages (or localhost) only.');
  try {
    return await devices.getUserMedia({ video: true, audio: true }).catch((error) => {
      if (error.name !== 'NotFoundError') throw error;
      return devices.getUserMedia({ audio: true });
    });
  } catch (error) {
    return explainCamera(error);
  }
}

function stop(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

async function startCall() {
  $('call').disabled = true;
  const camera = await openCamera();
  $('call').disabled = false;
  if (!camera) return;
  if (!link || call) return stop(camera);
  takeCall(peer.call(link.peer, camera));
  showCall(camera);
}

/** Only who is connected may call. */
function ring(offered) {
  if (offered.peer !== link?.peer || call) return offered.close();
  takeCall(offered);
  $('ringing').hidden = false;
  $('call').hidden = true;
  return $('answer').focus();
}

async function answer() {
  const ringing = call;
  const camera = await openCamera();
  if (!camera) return;
  if (ringing !== call) return stop(camera);
  $('ringing').hidden = true;
  showCall(camera);
  call.answer(camera);
}

function takeCall(media) {
  call = media;
  media.on('stream', (stream) => {
    if (media === call) $('their-video').srcObject = stream;
  });
  media.on('error', (error) => complain(error.message));
  media.on('close', () => media === call && endCall());
}

function showCall(camera) {
  $('own-video').srcObject = camera;
  for (const id of ['stage', 'mute', 'hide-camera', 'hang-up']) $(id).hidden = false;
  $('call').hidden = true;
  $('hang-up').focus();
}

/** The other page hears of it by the data connection: a call that was not answered has no other. */
function hangUp() {
  link?.send({ kind: 'end-call' });
  endCall();
  $('call').focus();
}

function endCall() {
  const old = call;
  call = undefined;
  old?.close();
  stop($('own-video').srcObject);
  $('own-video').srcObject = $('their-video').srcObject = null;
  for (const id of ['ringing', 'stage', 'mute', 'hide-camera', 'hang-up']) $(id).hidden = true;
  for (const id of ['mute', 'hide-camera']) $(id).setAttribute('aria-pressed', 'false');
  $('call').hidden = false;
}

function toggle(button, tracks) {
  const off = button.getAttribute('aria-pressed') === 'false';
  button.setAttribute('aria-pressed', String(off));
  for (const track of tracks) track.enabled = !off;
}

// ---- How they are connected

const DIRECT = { host: 'direct', srflx: 'direct, through NAT', prflx: 'direct, through NAT' };

function pathOf(local, remote) {
  const relay = [local, remote].find((candidate) => candidate?.candidateType === 'relay');
  if (relay) return `relayed by a TURN server (${relay.relayProtocol ?? relay.protocol})`;
  const type = local?.candidateType === 'host' ? remote?.candidateType : local?.candidateType;
  return `${DIRECT[type] ?? type} (${local?.protocol})`;
}

/** Browsers differ in how they say which pair of candidates is in use. */
function pairInUse(stats) {
  const all = [...stats.values()];
  const transport = all.find(({ type, selectedCandidatePairId: id }) => type === 'transport' && id);
  if (transport) return stats.get(transport.selectedCandidatePairId);
  return all.find((each) => each.type === 'candidate-pair' && (each.selected || each.nominated));
}

async function showPath() {
  const connection = link?.peerConnection;
  if (!connection) return;
  $('connection-state').textContent = connection.iceConnectionState;
  const stats = await connection.getStats();
  const pair = pairInUse(stats);
  if (!pair) return;
  $('ice-path').textContent = pathOf(stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId));
  const seconds = pair.currentRoundTripTime;
  $('round-trip').textContent = seconds === undefined ? '–' : `${(seconds * 1000).toFixed(1)} ms`;
}

// ---- Start

function listen() {
  $('share').addEventListener('click', share);
  $('join').addEventListener('submit', (event) => {
    event.preventDefault();
    dial(codeFrom($('other-code').value));
  });
  $('leave').addEventListener('click', () => {
    closeLink();
    $('other-code').focus();
  });
  $('chat').addEventListener('submit', chat);
  $('file').addEventListener('change', () => {
    sendFiles([...$('file').files]);
    $('file').value = '';
  });
  $('drop').addEventListener('dragover', (event) => {
    event.preventDefault();
    $('drop').classList.add('over');
  });
  $('drop').addEventListener('dragleave', () => $('drop').classList.remove('over'));
  $('drop').addEventListener('drop', drop);
  $('call').addEventListener('click', startCall);
  $('answer').addEventListener('click', answer);
  $('decline').addEventListener('click', hangUp);
  $('hang-up').addEventListener('click', hangUp);
  const camera = () => $('own-video').srcObject;
  $('mute').addEventListener('click', () => toggle($('mute'), camera().getAudioTracks()));
  $('hide-camera').addEventListener('click', () => toggle($('hide-camera'), camera().getVideoTracks()));
  window.addEventListener('hashchange', followLink);
  setInterval(showPath, STATS_MS);
}

function loadClient() {
  const script = document.createElement('script');
  script.src = setting('client');
  script.nonce = nonce;
  script.onload = () => register(randomCode());
  script.onerror = () => {
    sayServerState('Not connected to the server');
    complain(
      `The PeerJS client could not be loaded from ${script.src}. ` +
        'Who runs this server can name another place with --demo_client.',
    );
  };
  document.head.append(script);
}

listen();
loadClient();
