// ---- The video call, of which there is one at a time, with the other page

const CALL_BUTTONS = ['mute', 'hide-camera', 'hang-up'];

let call;
let camera; // the stream that is sent

function explainCamera(error) {
  const reasons = {
    NotAllowedError: 'The browser may not use camera and microphone: allow it for this page.',
    NotFoundError: 'There is neither a camera nor a microphone.',
    NotReadableError: 'Camera or microphone are in use by another program.',
  };
  complain(reasons[error.name] ?? error.message);
}

/** With what there is of camera and microphone; undefined if nothing, which the page says. */
async function openCamera() {
  const devices = navigator.mediaDevices;
  if (!devices) {
    return complain('Browsers give camera and microphone to https pages (or localhost) only.');
  }
  const ask = (video, audio) => devices.getUserMedia({ video, audio });
  const unlessNone = (otherwise) => (error) => {
    if (error.name !== 'NotFoundError') throw error;
    return otherwise();
  };
  try {
    return await ask(true, true)
      .catch(unlessNone(() => ask(false, true)))
      .catch(unlessNone(() => ask(true, false)));
  } catch (error) {
    return explainCamera(error);
  }
}

function stop(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** Opens the camera for `use`, unless `isWanted` no more by then: the browser may ask for long. */
async function withCamera(button, isWanted, use) {
  button.disabled = true;
  const stream = await openCamera();
  button.disabled = false;
  if (!stream) return;
  if (!isWanted()) return stop(stream);
  camera = stream;
  use();
  $('own-video').srcObject = camera;
  for (const id of ['stage', ...CALL_BUTTONS]) $(id).hidden = false;
  for (const id of ['ringing', 'call']) $(id).hidden = true;
  $('hang-up').focus();
}

function startCall() {
  const connection = link;
  return withCamera(
    $('call'),
    () => connection === link && !call && peer.open,
    () => take(peer.call(connection.peer, camera)),
  );
}

/** Only who is connected may call. A second call of his means that he has given up the first. */
function ring(offered) {
  if (offered.peer !== link?.peer) return offered.close();
  const bothCall = call && !call.open && camera;
  if (bothCall && peer.id < offered.peer) return offered.close(); // his page takes ours
  endCall();
  take(offered);
  $('ringing').hidden = false;
  $('call').hidden = true;
  // Who is typing shall not answer by the next key.
  if (document.activeElement !== $('text')) $('answer').focus();
}

function answer() {
  const ringing = call;
  return withCamera(
    $('answer'),
    () => ringing === call,
    () => ringing.answer(camera),
  );
}

function take(media) {
  call = media;
  const on = (event, handle) => media.on(event, (detail) => media === call && handle(detail));
  on('stream', (stream) => {
    $('their-video').srcObject = stream;
  });
  on('error', ({ message }) => complain(message));
  on('close', endCall);
}

/** The other page hears of it by the data connection: a call that was not answered has no other. */
function hangUp() {
  link?.send({ kind: 'end-call', id: call?.connectionId });
  endCall();
  $('call').focus();
}

function endCall() {
  const old = call;
  call = undefined;
  old?.close();
  stop(camera);
  camera = undefined;
  $('own-video').srcObject = $('their-video').srcObject = null;
  for (const id of ['ringing', 'stage', ...CALL_BUTTONS]) $(id).hidden = true;
  for (const id of ['mute', 'hide-camera']) $(id).setAttribute('aria-pressed', 'false');
  $('call').hidden = false;
}

function toggle(button, tracks) {
  const off = button.getAttribute('aria-pressed') === 'false';
  button.setAttribute('aria-pressed', String(off));
  for (const track of tracks) track.enabled = !off;
}
