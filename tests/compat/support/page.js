// Runs in the page, next to the PeerJS client under test. Offers the test `window.stage` and tells
// it what happens through `window.tellTest(event, detail)`, which the test has exposed. Connections
// carry the name the test gave them as metadata, so that both ends report under the same name.

const connections = new Map();
let peer;

// Candidates are cut down to loopback, before they go out and as they come in: what the machine's
// other interfaces are must not matter, nothing is to be sent to them, and a stream brings some
// twelve messages a second.
const isLoopback = (text) => / (127\.0\.0\.1|::1) \d+ typ (host|relay)/.test(text);

const addIceCandidate = RTCPeerConnection.prototype.addIceCandidate;
RTCPeerConnection.prototype.addIceCandidate = function (candidate, ...rest) {
  const text = candidate?.candidate ?? '';
  if (text && !isLoopback(text)) return Promise.resolve();
  return addIceCandidate.call(this, candidate, ...rest);
};

const handler = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'onicecandidate');
Object.defineProperty(RTCPeerConnection.prototype, 'onicecandidate', {
  ...handler,
  set(action) {
    handler.set.call(this, (event) => {
      const text = event.candidate?.candidate ?? '';
      if (!text || isLoopback(text)) action?.call(this, event);
    });
  },
});

function report(event, detail = null) {
  window.tellTest(event, detail).catch(() => {}); // a page on its way out
}

function watch(name, connection) {
  connections.set(name, connection);
  connection.on('open', () => report(`${name} open`));
  connection.on('close', () => report(`${name} close`));
  connection.on('error', (error) => report(`${name} error`, describe(error)));
  let order = Promise.resolve();
  connection.on('data', (data) => {
    order = order.then(async () => report(`${name} data`, await readable(data)));
  });
  connection.on('stream', (stream) => {
    show(name, stream);
    report(`${name} stream`);
  });
}

function describe(error) {
  return { type: error.type, message: error.message ?? String(error) };
}

// Depending on its version a client hands out binary data as Blob, ArrayBuffer or typed array.
async function readable(data) {
  if (typeof data === 'string') return data;
  const bytes = new Uint8Array(await new Response(data).arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { base64: btoa(text) };
}

// Some versions report a stream once for each of its tracks.
function show(name, stream) {
  if (document.getElementById(name)) return;
  const video = document.createElement('video');
  video.id = name;
  video.autoplay = video.muted = video.playsInline = true;
  video.srcObject = stream;
  document.body.append(video);
}

function camera() {
  return navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 }, audio: true });
}

async function framesDecoded(name) {
  const stats = await connections.get(name).peerConnection.getStats();
  let frames = 0;
  for (const entry of stats.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') frames += entry.framesDecoded ?? 0;
  }
  return frames;
}

window.stage = {
  start(id, options) {
    peer = id === undefined ? new Peer(options) : new Peer(id, options);
    peer.on('open', (given) => report('peer open', given));
    peer.on('close', () => report('peer close'));
    peer.on('disconnected', () => report('peer disconnected'));
    peer.on('error', (error) => report('peer error', describe(error)));
    peer.on('connection', (connection) => watch(connection.metadata.name, connection));
    peer.on('call', async (call) => {
      watch(call.metadata.name, call);
      call.answer(await camera());
    });
  },

  connect(name, id) {
    watch(name, peer.connect(id, { reliable: true, metadata: { name } }));
  },

  /** All of them in one turn, before any message has left the page. */
  connectAll(names, id) {
    for (const name of names) this.connect(name, id);
  },

  async call(name, id) {
    watch(name, peer.call(id, await camera(), { metadata: { name } }));
  },

  send(name, text) {
    connections.get(name).send(text);
  },

  sendBytes(name, base64) {
    connections.get(name).send(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
  },

  isOpen(name) {
    return connections.get(name).open;
  },

  /** What the browser knows of the data channel, for who wonders why nothing comes over it. */
  async channelState(name) {
    const { open, peerConnection, dataChannel } = connections.get(name);
    const { readyState, bufferedAmount } = dataChannel;
    const state = { open, ice: peerConnection.iceConnectionState, readyState, bufferedAmount };
    for (const entry of (await peerConnection.getStats()).values()) {
      if (entry.type !== 'data-channel') continue;
      Object.assign(state, { sent: entry.messagesSent, received: entry.messagesReceived });
    }
    return state;
  },

  /**
   * Of which kind the two ends are between which the connection has its data: "host", "relay". The
   * browser may not say so at once.
   */
  async route(name) {
    for (;;) {
      const stats = await connections.get(name).peerConnection.getStats();
      const pair = [...stats.values()].find(
        ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
      );
      const kind = (id) => stats.get(id).candidateType;
      if (pair) return { local: kind(pair.localCandidateId), remote: kind(pair.remoteCandidateId) };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },

  /** Resolves once the remote video of the call has moved on twice, each time with new frames. */
  async playing(name) {
    const video = document.getElementById(name);
    let time = 0;
    let frames = 0;
    for (let steps = 0; steps < 2; ) {
      await new Promise((resolve) => video.addEventListener('timeupdate', resolve, { once: true }));
      const decoded = await framesDecoded(name);
      if (video.videoWidth > 0 && video.currentTime > time && decoded > frames) steps += 1;
      time = video.currentTime;
      frames = decoded;
    }
    return { width: video.videoWidth, time, frames };
  },

  /** From now on each message from the server is an event "got TYPE". */
  showSignals() {
    peer.socket.on('message', ({ type }) => report(`got ${type}`));
  },

  /** From now on each message from the server is an event "message TYPE". */
  listen() {
    peer.socket.on('message', (message) => report(`message ${message.type}`, message));
  },

  /** As an app sends what the client knows nothing of. */
  say(type, dst, payload) {
    peer.socket.send({ type, dst, payload });
  },

  /** All that a 0.3.x client has got on its XHR stream, padding included. */
  streamed: () => peer.socket._http.responseText,

  /** Of how many connections that nobody offered a 0.3.x client has got messages. */
  strangers: () => Object.keys(peer._lostMessages).length,

  disconnect: () => peer.disconnect(),
  /** With another token, if one is given: as docs/auth.md has it. */
  reconnect(token = peer.options.token) {
    peer.options.token = token;
    peer.reconnect();
  },
  listAllPeers: () => peer.listAllPeers((ids) => report('peers', ids)),
};
