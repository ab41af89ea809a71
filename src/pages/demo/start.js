// ---- Start

function listen() {
  const on = (id, event, handle) => $(id).addEventListener(event, handle);
  on('share', 'click', share);
  on('join', 'submit', (event) => {
    event.preventDefault();
    dial(codeFrom($('other-code').value));
  });
  on('leave', 'click', () => {
    closeLink();
    $('other-code').focus();
  });
  on('chat', 'submit', chat);
  on('file', 'change', () => {
    sendFiles([...$('file').files]);
    $('file').value = '';
  });
  on('drop', 'dragover', (event) => {
    event.preventDefault();
    $('drop').classList.add('over');
  });
  on('drop', 'dragleave', () => $('drop').classList.remove('over'));
  on('drop', 'drop', drop);
  on('call', 'click', startCall);
  on('answer', 'click', answer);
  on('decline', 'click', hangUp);
  on('hang-up', 'click', hangUp);
  on('mute', 'click', () => toggle($('mute'), camera.getAudioTracks()));
  on('hide-camera', 'click', () => toggle($('hide-camera'), camera.getVideoTracks()));
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
