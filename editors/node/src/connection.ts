// One sidecar process: its start, the handshake, requests, its end. It is never restarted; `sidecar.ts` starts another one.

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
/** Milliseconds for the answer to `initialize`. The sidecar answers before it opens the store. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Milliseconds that a regular shutdown may take before the process is killed. */
const SHUTDOWN_TIMEOUT = 2_000;

/** A running sidecar. The fake implements this interface too. */
export interface Connection {
  readonly pid: number | undefined;
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown>;
  notify(method: string, params: object): void;
  /** Settles when the sidecar has ended for any reason. From then on `over` is true. */
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
  /** The client's name in `initialize`. */
  clientName?: string;
  /** Gets each line that the sidecar writes to stderr. Without it the lines are dropped. They contain no key and no value. */
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
    // The end of the process reports a broken stream.
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

  /** Spawns the program, and checks that it is a sidecar with the right version of the protocol. */
  static async start(path: string, options: ProcessOptions, notice: NoticeListener): Promise<Process> {
    const started = new Process(path, options, notice);
    try {
      await started.#handshake(options);
      return started;
    } catch (error) {
      started.#child.kill('SIGKILL');
      await started.ended;
      if (error instanceof VaultError && error.kind === 'binaryUnsuitable') throw error;
      const why = started.#lastLine === '' ? '' : ` It said: ${started.#lastLine}`;
      throw new VaultError('vaultEnded', `${path} could not be started as plugin-vault.${why}`, { cause: error });
    }
  }

  async #handshake({ folders, clientName }: ProcessOptions): Promise<void> {
    const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT);
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
    const answer = (await Promise.race([this.#rpc.sendRequest('initialize', params), late])) as InitializeAnswer;
    const spoken = answer?.capabilities?.experimental?.pluginVault?.protocolVersion;
    if (spoken !== PROTOCOL) {
      const advice =
        spoken === undefined
          ? 'because it is not plugin-vault. Correct the setting'
          : `because it has protocol ${spoken}. Update ${spoken < PROTOCOL ? 'plugin-vault' : 'this extension'}`;
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
      // An error that the sidecar answered has its kind in `data`.
      if (error instanceof ResponseError && error.data?.kind !== undefined) {
        throw VaultError.fromWire(error.code, error.message, error.data);
      }
      // Any other error is a broken connection, which can no longer be used.
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

  /** Sends `shutdown` and `exit`, and kills the process after two seconds. Earlier requests are still answered. */
  async close(): Promise<void> {
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), SHUTDOWN_TIMEOUT);
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
      // Limits the length of a line, for a program that never ends one.
      rest = (lines.pop() ?? '').slice(-4096);
      for (const line of lines) {
        this.#lastLine = line;
        log?.(line);
      }
    });
  }
}

interface InitializeAnswer {
  capabilities?: { experimental?: { pluginVault?: { protocolVersion?: number } } };
  serverInfo?: { name?: string; version?: string };
}

/** URIs as LSP's workspace folders. */
export function asFolders(uris: readonly string[]): { uri: string; name: string }[] {
  return uris.map((uri) => ({ uri, name: uri.slice(uri.lastIndexOf('/') + 1) }));
}

export function outcomeUnknown(): VaultError {
  const message = 'plugin-vault ended before it answered. The call may have been carried out. Read before you write again.';
  return new VaultError('outcomeUnknown', message);
}
