// Runs before the PeerJS client. The words after # in the address say what its network is like.
//
// The 0.3.x clients need nothing else for data channels in the Chromium of today: it still has
// webkitRTCPeerConnection, RTCDataChannel.reliable and the calls of WebRTC with callbacks, ignores
// the constraints of that time, and sends the Blobs they give to a data channel.
(() => {
  const conditions = location.hash.slice(1).split(',');

  // new WebSocket() throws: a 0.3.x client that has asked the server for an id lives on its XHR
  // stream, as the call came after the stream's; with an id of its own, `new Peer()` throws.
  if (conditions.includes('no-websocket')) delete window.WebSocket;

  // The client renews its stream for the first time after 2 s, not 25.
  if (conditions.includes('early-renewal')) {
    const { setTimeout } = window;
    let first = true;
    window.setTimeout = (action, time, ...rest) => {
      const early = first && time === 25_000;
      if (early) first = false;
      return setTimeout(action, early ? 2000 : time, ...rest);
    };
  }

  // A connection that is neither made nor refused, as behind a filter that swallows it: the only
  // kind of failure 0.3.14 and later survive, and the only way they use an id of their own on XHR.
  if (conditions.includes('hanging-websocket')) {
    window.WebSocket = class {
      readyState = 0;
    };
  }
})();
