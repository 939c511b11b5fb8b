// The test's side of the probe, one for each extension host.

import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { deadline } from './processes.mjs';

const met = new Set();

/** The probe of the extension host that starts next. */
export async function nextProbe(folder) {
  const signal = AbortSignal.timeout(deadline);
  const changes = watch(folder);
  try {
    for (;;) {
      const changed = once(changes, 'change', { signal });
      changed.catch(() => {});
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if (!name.endsWith('.sock') || met.has(path)) continue;
        met.add(path);
        return await Probe.connect(path);
      }
      await changed;
    }
  } catch (error) {
    throw new Error('no extension host has started', { cause: error });
  } finally {
    changes.close();
  }
}

class Probe {
  /** Called with notices of the conformance suite. */
  onNotice;
  #socket;
  #last = 0;
  #waiting = new Map();
  #events = [];
  #listeners = [];

  static async connect(path) {
    const probe = new Probe();
    probe.#socket = createConnection(path);
    probe.#socket.on('error', () => {});
    createInterface({ input: probe.#socket }).on('line', (line) => probe.#take(JSON.parse(line)));
    probe.ended = once(probe.#socket, 'close').then(() => {
      for (const { reject } of probe.#waiting.values()) reject(new Error('the extension host has ended'));
    });
    await once(probe.#socket, 'connect');
    return probe;
  }

  #take({ id, result, error, event, values }) {
    if (event === 'notice') return this.onNotice?.(...values);
    if (event !== undefined) {
      this.#events.push([event, ...values]);
      for (const listener of this.#listeners.splice(0)) listener();
      return;
    }
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(result);
  }

  /** Runs an action in the editor. */
  do(action, ...args) {
    const id = (this.#last += 1);
    this.#socket.write(`${JSON.stringify({ id, action, args })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** The next event from the editor. */
  async event() {
    while (this.#events.length === 0) {
      const late = once(AbortSignal.timeout(deadline), 'abort').then(() => Promise.reject(new Error('no event came')));
      await Promise.race([new Promise((resolve) => this.#listeners.push(resolve)), late]);
    }
    return this.#events.shift();
  }
}
