// One running vault: spawned, greeted, spoken to, ended. It is never restarted; `sidecar.ts` makes another.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';

import { workingFolder } from './binary';
import { VaultError } from './errors';
import { version } from './version';

/** The version of the protocol that this binding speaks. */
const PROTOCOL = 1;
/** Milliseconds for the answer to `initialize`; the vault gives it before it opens the store. */
const GREETING = 10_000;
/** Milliseconds for a polite end, after which the process is killed. */
const PATIENCE = 2_000;

/** A vault that answers. The fake one has this face too. */
export interface Connection {
  readonly pid: number | undefined;
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown>;
  notify(method: string, params: object): void;
  /** Settles when the vault has ended, however; from then on it is `over`. */
  readonly ended: Promise<void>;
  readonly over: boolean;
  close(): Promise<void>;
}

export type NoticeListener = (method: string, params: unknown) => void;

export interface ProcessOptions {
  /** Arguments after the program's name. */
  args: string[];
  /** URIs of the open folders. */
  folders: readonly string[];
  /** What the client is called in `initialize`. */
  clientName?: string;
  /** Takes each line that the vault writes to stderr; without it they are dropped. They hold no key and no value. */
  log?: (line: string) => void;
}

export class Process implements Connection {
  readonly ended: Promise<void>;
  readonly pid: number | undefined;
  over = false;
  #child: ChildProcessWithoutNullStreams;
  #rpc: MessageConnection;
  #lastLine = '';

  private constructor(path: string, options: ProcessOptions, notice: NoticeListener) {
    this.#child = spawn(path, options.args, { stdio: 'pipe', windowsHide: true, cwd: workingFolder() });
    this.pid = this.#child.pid;
    this.#rpc = createMessageConnection(
      new StreamMessageReader(this.#child.stdout),
      new StreamMessageWriter(this.#child.stdin),
    );
    // A stream that breaks is told by the end of the process.
    this.#rpc.onError(() => {});
    this.#rpc.onNotification((method, params) => notice(method, params));
    this.#readLines(options.log);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.over = true;
        this.#rpc.dispose();
        resolve();
      };
      this.#child.once('error', end);
      this.#child.once('close', end);
    });
    this.#rpc.listen();
  }

  /** Spawns the program, and makes sure that it is a vault which speaks our protocol. */
  static async start(path: string, options: ProcessOptions, notice: NoticeListener): Promise<Process> {
    const started = new Process(path, options, notice);
    try {
      await started.#greet(options);
      return started;
    } catch (error) {
      started.#child.kill('SIGKILL');
      await started.ended;
      if (error instanceof VaultError && error.kind === 'binaryUnsuitable') throw error;
      const why = started.#lastLine === '' ? '' : ` It said: ${started.#lastLine}`;
      throw new VaultError('vaultEnded', `${path} could not be started as a vault.${why}`, { cause: error });
    }
  }

  async #greet({ folders, clientName }: ProcessOptions): Promise<void> {
    const signal = AbortSignal.timeout(GREETING);
    const late = once(signal, 'abort').then(() => {
      throw new Error('no answer to initialize');
    });
    const params = {
      processId: process.pid,
      clientInfo: { name: clientName ?? 'plugin-vault for Node', version },
      rootUri: null,
      capabilities: {},
      workspaceFolders: asFolders(folders),
    };
    const answer = (await Promise.race([this.#rpc.sendRequest('initialize', params), late])) as Greeting;
    const spoken = answer?.capabilities?.experimental?.pluginVault?.protocolVersion;
    if (spoken !== PROTOCOL) {
      const advice =
        spoken === undefined
          ? 'it is not plugin-vault: correct the setting'
          : `it speaks protocol ${spoken}: update ${spoken < PROTOCOL ? 'plugin-vault' : 'this extension'}`;
      const { name = 'The program', version = '' } = answer?.serverInfo ?? {};
      throw new VaultError('binaryUnsuitable', `${name} ${version} can't be used with protocol ${PROTOCOL}, ${advice}.`);
    }
    this.notify('initialized', {});
  }

  async request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    if (this.over) throw outcomeUnknown();
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.#rpc.sendRequest(method, params, source.token);
    } catch (error) {
      // What the vault answered has its kind in `data`.
      if (error instanceof ResponseError && error.data?.kind !== undefined) {
        throw VaultError.fromWire(error.code, error.message, error.data);
      }
      // Anything else is a broken connection, which nobody can use any more.
      this.#child.kill('SIGKILL');
      await this.ended;
      throw outcomeUnknown();
    } finally {
      signal?.removeEventListener('abort', cancel);
      source.dispose();
    }
  }

  notify(method: string, params: object): void {
    if (!this.over) this.#rpc.sendNotification(method, params).catch(() => {});
  }

  /** `shutdown`, `exit`, and after two seconds the end by force. What was asked before is still answered. */
  async close(): Promise<void> {
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    try {
      await this.request('shutdown', {}).catch(() => {});
      this.notify('exit', {});
      this.#child.stdin.end();
      await this.ended;
    } finally {
      clearTimeout(deadline);
    }
  }

  #readLines(log: ((line: string) => void) | undefined): void {
    let rest = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      // A line has an end, even if the program that writes it knows none.
      rest = (lines.pop() ?? '').slice(-4096);
      for (const line of lines) {
        this.#lastLine = line;
        log?.(line);
      }
    });
  }
}

interface Greeting {
  capabilities?: { experimental?: { pluginVault?: { protocolVersion?: number } } };
  serverInfo?: { name?: string; version?: string };
}

/** URIs as LSP's workspace folders. */
export function asFolders(uris: readonly string[]): { uri: string; name: string }[] {
  return uris.map((uri) => ({ uri, name: uri.slice(uri.lastIndexOf('/') + 1) }));
}

export function outcomeUnknown(): VaultError {
  return new VaultError('outcomeUnknown', 'The vault ended before it answered. Read before you write again.');
}
