// ---- The data connection to the other page, of which there is one at a time

const OPENING_MS = 20_000;

let link;

function dial(code) {
  complain('');
  if (!peer.open) return complain('The server is not reached at the moment.');
  if (code === peer.id) return complain('That is your own code; enter it on the other page.');
  closeLink();
  const connection = peer.connect(code, { reliable: true });
  hold(connection);
  $('dialing').textContent = `Connecting with ${code}…`;
  setTimeout(() => {
    if (connection !== link || connection.open) return;
    closeLink();
    complain(
      `No connection with ${code} came about. Between some networks there is none without a TURN server.`,
    );
  }, OPENING_MS);
}

/** Nobody takes a place here before he has come through. */
function meet(connection) {
  connection.on('open', () => {
    if (isBusy(connection)) return refuse(connection);
    if (link) closeLink();
    hold(connection);
    return startTalk();
  });
}

/** Of two that dial each other at once the smaller code's connection stays. */
function isBusy(connection) {
  if (!link) return false;
  return link.open || (link.peer === connection.peer && peer.id < connection.peer);
}

function refuse(connection) {
  if (link.peer !== connection.peer) connection.send({ kind: 'busy' });
  connection.close({ flush: true });
}

function hold(connection) {
  link = connection;
  const on = (event, handle) =>
    connection.on(event, (detail) => connection === link && handle(detail));
  on('open', startTalk);
  on('data', hear);
  on('close', () => {
    complain(`${connection.peer} has left.`);
    closeLink();
  });
  on('error', ({ message }) => {
    complain(message);
    if (!connection.open) closeLink();
  });
}

function startTalk() {
  complain('');
  forgetFiles();
  $('dialing').textContent = '';
  $('messages').replaceChildren();
  $('talk-title').textContent = `Connected with ${link.peer}`;
  $('talk').classList.remove('over');
  $('talk').hidden = false;
  $('meet').hidden = true;
  $('talk-title').focus();
}

/** What was said, and the files, stay on the page until the next one comes. */
function closeLink() {
  const old = link;
  link = undefined;
  endCall();
  old?.close();
  $('dialing').textContent = '';
  if (old) $('talk-title').textContent = `Talked with ${old.peer}`;
  $('talk').classList.add('over');
  $('meet').hidden = false;
}

/** The server found nobody there, for a connection or for a call. `message` ends with the code. */
function missing(message) {
  if (!link || !message.endsWith(` ${link.peer}`)) return;
  const code = link.peer;
  if (!link.open) {
    closeLink();
    complain(`Nobody has the code ${code} now. Is the other page still open?`);
  } else if (call && !call.open) {
    endCall();
    complain(`${code} is not reached by the server now, so there can be no call.`);
  }
}

/** `message` can be anything: it comes from the other page. */
function hear(message) {
  if (message?.kind === 'text') addLine('They', String(message.text));
  if (message?.kind === 'end-call' && message.id === call?.connectionId) endCall();
  if (message?.kind === 'file') expectFile(message);
  if (message?.kind === 'part') takePart(message);
  if (message?.kind === 'busy') {
    complain(`${link.peer} is talking with somebody else.`);
    closeLink();
  }
}

function chat(event) {
  event.preventDefault();
  const text = $('text').value;
  link?.send({ kind: 'text', text });
  addLine('You', text);
  $('text').value = '';
}
