// The well-behaved, as a process that is told what to do: see bench/soak.cpp.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Callers {
  #child;
  #answers = [];
  #over = false;

  constructor(program, args) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface(this.#child.stdout).on('line', (line) =>
      this.#answers.shift()?.(JSON.parse(line)),
    );
    let complaint = '';
    this.#child.stderr.on('data', (chunk) => (complaint += chunk));
    /** Rejects when they cannot go on, as when a message has not come as it should. */
    this.fault = new Promise((_, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', () => {
        const what = complaint.trim().replace(/^\S+: /, '');
        if (!this.#over) reject(new Error(`the well-behaved: ${what}`));
      });
    });
    this.fault.catch(() => {});
    this.#child.stdin.on('error', () => {}); // told by `fault`
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves to what they answer. */
  tell(order) {
    const answer = new Promise((resolve) => this.#answers.push(resolve));
    this.#child.stdin.write(`${order}\n`);
    return Promise.race([answer, this.fault]);
  }

  stop() {
    this.#over = true;
    this.#child.kill('SIGKILL');
  }
}
