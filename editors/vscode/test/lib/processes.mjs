// Processes that a test starts, and ends with all that they started.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** Longer than anything takes that works. */
export const deadline = 60_000;

export class Program {
  constructor(command, args, env) {
    this.output = '';
    // A group of its own, so that nothing of it is left.
    this.child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this.child.emit('text');
      });
    }
    this.ended = once(this.child, 'close').then(() => (this.over = true));
  }

  /** What stands in the first bracket, once the output has it. */
  async says(pattern) {
    const signal = AbortSignal.timeout(deadline);
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found[1];
      if (this.over) throw new Error(`it ended: ${this.output}`);
      await Promise.race([once(this.child, 'text', { signal }), this.ended]);
    }
  }

  /** Ends the group at once. */
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

/** Resolves when a process is gone that is not ours. */
export async function gone(pid) {
  await promisify(execFile)('tail', [`--pid=${pid}`, '-s', '0.05', '-f', '/dev/null'], { timeout: deadline });
}
