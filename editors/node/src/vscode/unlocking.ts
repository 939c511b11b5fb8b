// Reports when a locked store is unlocked, by any process, and lets reads wait for it.

import type * as vscode from 'vscode';

import { isVaultError } from '../errors';
import type { Sidecar } from '../sidecar';
import { within } from '../within';
import type { Editor } from './editor';

/** Milliseconds after which a waiting read tries again without a notice: the sidecar that sends notices may have ended. */
const RETRY = 5_000;

export class Unlocking {
  readonly onDidUnlock: vscode.Event<void>;
  #emitter: vscode.EventEmitter<void>;
  #isLocked: boolean | undefined;
  #forget: () => void;

  constructor(editor: Editor, sidecar: Sidecar) {
    this.#emitter = new editor.EventEmitter<void>();
    this.onDidUnlock = this.#emitter.event;
    this.#forget = sidecar.onDidChangeStatus(({ keyAvailable }) => {
      const wasLocked = this.#isLocked !== false;
      this.#isLocked = !keyAvailable;
      if (keyAvailable && wasLocked) this.#emitter.fire();
    });
    // A notice that arrives before this answer is newer.
    sidecar.status().then(({ keyAvailable }) => (this.#isLocked ??= !keyAvailable), () => {});
  }

  /** Repeats a read until the store is not locked. Any other error is the caller's. */
  async wait<R>(read: () => Promise<R>): Promise<R> {
    for (;;) {
      let listening: vscode.Disposable | undefined;
      // Listens before it reads, so that no notice is missed between the two.
      const unlocked = new Promise<void>((resolve) => (listening = this.onDidUnlock(() => resolve())));
      try {
        return await read();
      } catch (error) {
        if (!isVaultError(error, 'keyUnavailable')) throw error;
        await within(unlocked, RETRY);
      } finally {
        listening?.dispose();
      }
    }
  }

  dispose(): void {
    this.#forget();
    this.#emitter.dispose();
  }
}
