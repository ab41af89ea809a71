// ---- Files, in parts over the data connection

// What goes in one message of every client, and how much may wait in the browser.
const PART_BYTES = 15 * 1024;
const MOST_BUFFERED_BYTES = 1024 * 1024;
const BUFFER_POLL_MS = 20;
// They are held in memory until they are saved.
const MOST_FILE_BYTES = 512 * 1024 * 1024;

const incoming = new Map(); // those on their way, by their number
let urls = []; // of those that came
let room = MOST_FILE_BYTES;
let filesSent = 0;

function addBar(from, name, size) {
  const bar = document.createElement('progress');
  bar.max = size || 1;
  addLine(from, `${name} `).append(bar);
  return bar;
}

async function sendFiles(files) {
  const connection = link;
  for (const file of files) {
    if (connection !== link) return;
    if (file.size > MOST_FILE_BYTES) addLine('You', `${file.name} (larger than 512 MB)`);
    else await sendFile(connection, file);
  }
}

async function sendFile(connection, file) {
  filesSent += 1;
  const id = filesSent;
  const bar = addBar('You', file.name, file.size);
  try {
    connection.send({ kind: 'file', id, name: file.name, size: file.size });
    for (let at = 0; at < file.size; at += PART_BYTES) {
      const data = await file.slice(at, at + PART_BYTES).arrayBuffer();
      await roomIn(connection);
      if (connection !== link) return bar.replaceWith('(not all was sent)');
      connection.send({ kind: 'part', id, data });
      bar.value = at + data.byteLength;
    }
    return bar.replaceWith('(sent)');
  } catch (error) {
    return bar.replaceWith(`(${error.message})`); // a folder, say, or a file that is gone
  }
}

async function roomIn(connection) {
  while (connection === link && connection.dataChannel.bufferedAmount > MOST_BUFFERED_BYTES) {
    await new Promise((resolve) => setTimeout(resolve, BUFFER_POLL_MS));
  }
}

function expectFile({ id, name, size }) {
  if (!Number.isSafeInteger(size) || size < 0 || incoming.has(id)) return;
  if (size > room) {
    addLine('They', `${name} (no room for it)`);
    return;
  }
  room -= size;
  const file = { name: String(name), size, parts: [], bytes: 0 };
  file.bar = addBar('They', file.name, size);
  incoming.set(id, file);
  finishFile(id, file);
}

function takePart({ id, data }) {
  const file = incoming.get(id);
  const isPart = data instanceof ArrayBuffer || ArrayBuffer.isView(data);
  if (!file || !isPart || data.byteLength === 0) return;
  if (file.bytes + data.byteLength > file.size) return;
  file.parts.push(data);
  file.bytes += data.byteLength;
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
  urls.push(save.href);
  file.bar.replaceWith(save);
}

function forgetFiles() {
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
  incoming.clear();
  room = MOST_FILE_BYTES;
}

function drop(event) {
  event.preventDefault();
  $('drop').classList.remove('over');
  sendFiles([...event.dataTransfer.files]);
}
