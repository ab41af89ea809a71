// What the system knows of a running server.

import { readdirSync, readFileSync } from 'node:fs';

function status(pid, name) {
  const [, kB] = readFileSync(`/proc/${pid}/status`, 'utf8').match(`${name}:\\s*(\\d+) kB`);
  return Number(kB) * 1024;
}

/** In bytes, what of it is in memory; and what has been at most. */
export const resident = (pid) => status(pid, 'VmRSS');
export const peakResident = (pid) => status(pid, 'VmHWM');

/** How many descriptors it has open. */
export const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** In seconds, of a process with one thread: how long it ran, and how long it waited to. */
export function processorTime(pid) {
  const [used, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { used: used / 1e9, waited: waited / 1e9 };
}
