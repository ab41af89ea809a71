'use strict';

const MOST_LINES = 500;

const $ = (id) => document.getElementById(id);
const setting = (name) => document.querySelector(`meta[name="peerjs-${name}"]`).content;
const { nonce } = document.currentScript;

function complain(text) {
  $('problem').textContent = text;
  $('problem').hidden = text === '';
}

function sayServerState(text) {
  $('server-state').textContent = text;
}

/** Adds a line to the messages: who says it, and what. */
function addLine(from, text) {
  const line = document.createElement('li');
  const name = document.createElement('span');
  name.className = 'from';
  name.textContent = `${from}:`;
  const said = document.createElement('span');
  said.textContent = text;
  line.append(name, said);
  $('messages').append(line);
  while ($('messages').children.length > MOST_LINES) $('messages').firstElementChild.remove();
  $('messages').scrollTop = $('messages').scrollHeight;
  return line;
}
