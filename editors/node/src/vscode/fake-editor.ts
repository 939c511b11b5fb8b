// The parts of an editor that the vault uses, in memory.

import type * as vscode from 'vscode';

import type { Caller } from './api';
import type { Editor } from './editor';
import type { SecretsPlace } from './place';

/** What happens at once in the listeners. A listener that throws does not stop the others. */
export class EventEmitter<T> implements vscode.EventEmitter<T> {
  #listeners = new Set<(value: T) => unknown>();

  event: vscode.Event<T> = (listener, thisArgs, disposables) => {
    // Each subscription is separate, also that of the same listener.
    const each = (value: T): unknown => listener.call(thisArgs, value);
    this.#listeners.add(each);
    const subscription = { dispose: () => void this.#listeners.delete(each) };
    disposables?.push(subscription);
    return subscription;
  };

  fire(value: T): void {
    for (const each of [...this.#listeners]) queueMicrotask(() => each(value));
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

export class FakeEditor implements Editor {
  readonly EventEmitter = EventEmitter;
  readonly env = { uriScheme: 'vscode' };
  readonly placeOf: Editor['placeOf'];
  #folders: readonly string[];
  #changed = new EventEmitter<void>();

  constructor(folders: readonly string[], place: SecretsPlace) {
    this.#folders = folders;
    this.placeOf = () => place;
  }

  get workspace(): Editor['workspace'] {
    return {
      workspaceFile: undefined,
      workspaceFolders: this.#folders.map((uri) => ({ uri })),
      onDidChangeWorkspaceFolders: (listener) => this.#changed.event(listener),
    };
  }

  setFolders(folders: readonly string[]): void {
    this.#folders = folders;
    this.#changed.fire();
  }
}

/** The parts of an `ExtensionContext` that the vault uses. */
export function fakeContext(id: string): Caller {
  const subscriptions: { dispose(): unknown }[] = [];
  return { extension: { id }, secrets: fakeSecrets(), globalState: fakeState(), workspaceState: fakeState(), subscriptions };
}

function fakeSecrets(): Caller['secrets'] & { keys(): Promise<string[]> } {
  const secrets = new Map<string, string>();
  const changed = new EventEmitter<vscode.SecretStorageChangeEvent>();
  return {
    get: async (key) => secrets.get(key),
    store: async (key, value) => {
      secrets.set(key, value);
      changed.fire({ key });
    },
    delete: async (key) => {
      if (secrets.delete(key)) changed.fire({ key });
    },
    keys: async () => [...secrets.keys()],
    onDidChange: changed.event,
  };
}

function fakeState(): Caller['globalState'] {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: <T>(key: string, otherwise?: T) => (values.has(key) ? values.get(key) : otherwise) as T,
    update: async (key, value) => {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
    },
    setKeysForSync() {},
  };
}
