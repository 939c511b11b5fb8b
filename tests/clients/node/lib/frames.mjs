// Raw bytes to and from the binary, with no JSON library in between: for tests that count bytes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { binary } from './vault.mjs';

const headers = {
  wrap: (body) => Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]),
  // To the byte: this header, these blanks, nothing else.
  cut(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const match = /^Content-Length: (\d+)$/.exec(bytes.subarray(0, end).toString('latin1'));
    assert.ok(match, `a header that is none of ours: ${bytes.subarray(0, end)}`);
    const start = end + 4;
    const stop = start + Number(match[1]);
    return stop <= bytes.length ? [bytes.subarray(start, stop), bytes.subarray(stop)] : undefined;
  },
};

const lines = {
  wrap: (body) => Buffer.concat([body, Buffer.from('\n')]),
  cut(bytes) {
    const end = bytes.indexOf('\n');
    return end < 0 ? undefined : [bytes.subarray(0, end), bytes.subarray(end + 1)];
  },
};

/** The folders of one store, shared by the sidecars of a test. */
export class Folders {
  #top = mkdtempSync(join(tmpdir(), 'vault-clients-'));

  start(framing) {
    const args = ['--data-dir', join(this.#top, 'data'), '--key-dir', join(this.#top, 'keys')];
    return new RawClient(framing === 'lines' ? lines : headers, args, this.#top);
  }

  remove() {
    rmSync(this.#top, { recursive: true, force: true });
  }
}

class RawClient {
  #framing;
  #child;
  #closed;
  #unread = Buffer.alloc(0);
  #waiting = [];
  #ended = false;

  constructor(framing, args, cwd) {
    this.#framing = framing;
    this.#child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd });
    this.#closed = once(this.#child, 'close');
    // A write to a process that died shows as an answer that never comes, with a better message than EPIPE.
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', (bytes) => {
      this.#unread = Buffer.concat([this.#unread, bytes]);
      this.#deliver();
    });
    this.#child.stdout.on('end', () => {
      this.#ended = true;
      this.#deliver();
    });
  }

  #deliver() {
    while (this.#waiting.length > 0) {
      let cut;
      try {
        cut = this.#framing.cut(this.#unread);
      } catch (error) {
        this.#waiting.shift().reject(error);
        continue;
      }
      if (cut) {
        [, this.#unread] = cut;
        this.#waiting.shift().resolve(cut[0]);
      } else if (this.#ended) {
        this.#waiting.shift().reject(new Error('the sidecar ended its output'));
      } else {
        return;
      }
    }
  }

  /** Sends bytes as one message, in this connection's framing. */
  send(body) {
    this.#child.stdin.write(this.#framing.wrap(Buffer.from(body)));
  }

  /** The bytes of the next message. */
  read() {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#deliver();
    });
  }

  async ask(body) {
    this.send(body);
    return this.read();
  }

  /** Ends the input. A script that was understood leaves with 0, and with nothing unread. */
  async close() {
    this.#child.stdin.end();
    const [code, signal] = await this.#closed;
    assert.equal(signal ?? code, 0, 'the exit code');
    assert.equal(this.#unread.toString(), '', 'no message without a request');
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
