// One sidecar process of the fake: its handles, its folders, its end.

import { randomBytes } from 'node:crypto';

import { outcomeUnknown, type Connection, type NoticeListener } from '../connection';
import type { VaultError } from '../errors';
import type { DidChange } from '../wire';
import { isLive, type Call } from './call';
import { failure } from './failure';
import { METHODS } from './methods';
import { Params } from './params';
import { permits, type Client, type Handle, type KeyRow, type State } from './state';

export class FakeClient implements Connection, Client {
  readonly pid = undefined;
  readonly ended: Promise<void>;
  readonly handles = new Map<string, Handle>();
  over = false;
  end!: () => void;
  #state: State;
  #folders: readonly string[];
  #notice: NoticeListener;
  #failures: VaultError[];

  constructor(state: State, folders: readonly string[], notice: NoticeListener, failures: VaultError[]) {
    this.#state = state;
    this.#folders = folders;
    this.#notice = notice;
    this.#failures = failures;
    this.ended = new Promise((resolve) => {
      this.end = () => {
        this.over = true;
        state.clients.delete(this);
        state.wake();
        resolve();
      };
    });
    state.clients.add(this);
  }

  async request(method: string, values: object, signal?: AbortSignal): Promise<unknown> {
    if (this.over) throw outcomeUnknown();
    let outcome: Promise<unknown>;
    try {
      outcome = Promise.resolve(this.#call(method, values, signal));
    } catch (error) {
      outcome = Promise.reject(error);
    }
    // An answer takes time to arrive. If the process ended meanwhile, it is lost.
    const answer = outcome.then(later, async (error) => Promise.reject(await later(error)));
    return Promise.race([answer, this.ended.then(() => Promise.reject(outcomeUnknown()))]);
  }

  #call(name: string, values: object, signal?: AbortSignal): unknown {
    const method = METHODS[name];
    if (!method) throw failure('methodNotFound');
    const params = new Params(values, method.params);
    const planned = method.params.includes('handle') && this.#failures.shift();
    if (planned) throw planned;
    if (this.#state.locked && method.needsKey) {
      throw failure('keyUnavailable', { protector: 'passphrase', reason: 'locked', retryable: true });
    }
    return method.run(this.#callFor(params, signal));
  }

  #callFor(params: Params, signal: AbortSignal | undefined): Call {
    const state = this.#state;
    const handle = (): Handle => {
      const found = this.handles.get(params.text('handle') ?? '');
      if (!found) throw failure('apiKeyRequired', { reason: params.text('handle') === undefined ? 'unselected' : 'handle' });
      return found;
    };
    const row = (): KeyRow | undefined => state.good(handle().apiKey);
    return {
      state,
      client: this,
      params,
      folders: this.#folders,
      signal,
      handle,
      row,
      begin: () => row() ?? state.add({ apiKey: handle().apiKey }),
      permitWriting: (caller, place) => {
        if (place && !permits(caller?.scope, place)) throw failure('notPermitted', { reason: 'scope' });
        if (caller?.scope?.readOnly) throw failure('notPermitted', { reason: 'readOnly' });
      },
      checkLease: (caller, token) => {
        const leases = [...(caller?.namespace.leases.values() ?? [])];
        const live = leases.some((lease) => lease.token === token && isLive(lease));
        if (token !== undefined && !live) throw failure('leaseLost');
      },
    };
  }

  setKey(apiKey: string): Handle {
    const known = [...this.handles.values()].find((handle) => handle.apiKey === apiKey);
    const handle = known ?? { id: randomBytes(16).toString('hex'), apiKey, watching: false };
    this.handles.set(handle.id, handle);
    return handle;
  }

  notify(method: string, params: object): void {
    if (method !== 'workspace/didChangeWorkspaceFolders') return;
    const { added, removed } = (params as { event: Record<'added' | 'removed', { uri: string }[]> }).event;
    const kept = this.#folders.filter((uri) => !removed.some((folder) => folder.uri === uri));
    this.#folders = [...kept, ...added.map(({ uri }) => uri)];
  }

  tell(notice: DidChange): void {
    void this.#send('persistentData/didChange', notice);
  }

  tellStatus(status: object): void {
    void this.#send('vault/didChangeStatus', status);
  }

  /** Sends after the answer to the current request: no notice may come before the answer to its watch. */
  async #send(method: string, params: object): Promise<void> {
    await later(undefined);
    await later(undefined);
    if (!this.over) this.#notice(method, params);
  }

  async close(): Promise<void> {
    await later(undefined);
    this.end();
  }
}

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, value));
}
