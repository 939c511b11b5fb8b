// Processes that a test starts, and ends together with all processes that they started.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** Milliseconds, longer than any working step takes on a busy machine. */
export const deadline = 150_000;

export class Program {
  constructor(command, args, env) {
    this.output = '';
    // A separate process group, so that no process of it is left.
    this.child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this.child.emit('text');
      });
    }
    this.ended = once(this.child, 'close').then(() => (this.over = true));
  }

  /** Waits until the output matches, and returns the first group of the match. */
  async says(pattern) {
    const signal = AbortSignal.timeout(deadline);
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found[1];
      if (this.over) throw new Error(`it ended: ${this.output}`);
      await Promise.race([once(this.child, 'text', { signal }), this.ended]);
    }
  }

  /** Kills the process group. */
  async kill() {
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    await this.ended;
  }

  /** Asks the first process to end. */
  async end() {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}

/** Resolves when a process has ended that is not a child of this one. */
export async function gone(pid) {
  await promisify(execFile)('tail', [`--pid=${pid}`, '-s', '0.05', '-f', '/dev/null'], { timeout: deadline });
}
