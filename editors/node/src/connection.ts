// One sidecar process: its start, the handshake, requests, its end. It is never restarted; `sidecar.ts` starts another one.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

import { workingFolder } from './binary';
import { isVaultError, VaultError } from './errors';
import { Rpc, RpcError } from './rpc';
import { whyNotStarted, whyUnsuitable } from './unsuitable';
import { version } from './version';
import { within } from './within';
import type { Signal } from './signal';

/** The version of the protocol that this binding speaks. */
const PROTOCOL = 1;
/** Milliseconds for the answer to `initialize`. The sidecar answers before it opens the store. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Milliseconds that a regular shutdown may take before the process is killed. */
const SHUTDOWN_TIMEOUT = 2_000;

/** A running sidecar. The fake implements this interface too. */
export interface Connection {
  readonly pid: number | undefined;
  /** The handle of the key to which a relay has bound the connection. */
  readonly relayHandle?: string;
  request(method: string, params: object, signal?: Signal): Promise<unknown>;
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
  relayHandle: string | undefined;
  #child: ChildProcessWithoutNullStreams;
  #rpc: Rpc;
  #lastLine = '';
  #spawnError: Error | undefined;
  #pending = 0;
  /** Handles with a watch. */
  #watching = new Set<unknown>();
  /** Whether a signal ended the process, and not the process itself. */
  #wasKilled = false;

  private constructor(path: string, options: ProcessOptions, notice: NoticeListener) {
    this.#child = spawn(path, options.args, { stdio: 'pipe', windowsHide: true, cwd: workingFolder() });
    this.pid = this.#child.pid;
    this.#rpc = new Rpc(this.#child.stdout, this.#child.stdin, notice);
    this.#readLines(options.log);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.over = true;
        this.#rpc.end(new Error('the process has ended'));
        resolve();
      };
      this.#child.once('error', (error) => {
        this.#spawnError = error;
        end();
      });
      this.#child.once('close', (_, signal) => {
        this.#wasKilled = signal !== null;
        end();
      });
    });
  }

  /**
   * Spawns the program, and checks that it is a sidecar with the right version of the protocol. If the error is retryable,
   * another attempt may succeed: a signal ended the process, or there was no answer in time.
   */
  static async start(path: string, options: ProcessOptions, notice: NoticeListener): Promise<Process> {
    const unsuitable = whyNotStarted(path);
    if (unsuitable !== undefined) throw new VaultError('binaryUnsuitable', unsuitable);
    const started = new Process(path, options, notice);
    try {
      await started.#handshake(options);
      return started;
    } catch (error) {
      throw await started.#failed(path, error);
    }
  }

  /** Ends the process. Returns the reason for which it can't be used. */
  async #failed(path: string, error: unknown): Promise<VaultError> {
    // If its pipes are closed, it is about to end. How it ends is the reason.
    if (!isVaultError(error)) await within(this.ended, SHUTDOWN_TIMEOUT);
    const wasKilled = this.#wasKilled;
    this.#child.kill('SIGKILL');
    await this.ended;
    if (isVaultError(error)) return error;
    const unsuitable = wasKilled ? undefined : whyUnsuitable(path, this.#spawnError);
    if (unsuitable !== undefined) return new VaultError('binaryUnsuitable', unsuitable, { cause: error });
    const why = this.#lastLine === '' ? '' : ` It said: ${this.#lastLine}`;
    const message = `${path} could not be started as plugin-vault.${why}`;
    return new VaultError('vaultEnded', message, { cause: error, retryable: wasKilled, data: { wasKilled } });
  }

  async #handshake({ folders, clientName }: ProcessOptions): Promise<void> {
    const params = {
      processId: process.pid,
      clientInfo: { name: clientName ?? 'plugin-vault for Node', version },
      rootUri: null,
      capabilities: {},
      workspaceFolders: asFolders(folders),
    };
    const answer = (await within(this.#rpc.request('initialize', params), HANDSHAKE_TIMEOUT)) as Initialized | undefined;
    if (answer === undefined) {
      const message = `plugin-vault did not answer within ${HANDSHAKE_TIMEOUT / 1000} s. The computer may be busy. Try again.`;
      throw new VaultError('vaultEnded', message, { retryable: true });
    }
    const spoken = answer?.capabilities?.experimental?.pluginVault?.protocolVersion;
    if (spoken !== PROTOCOL) {
      const advice =
        spoken === undefined
          ? 'because it is not plugin-vault. Correct the setting'
          : `because it has protocol ${spoken}. Update ${spoken < PROTOCOL ? 'plugin-vault' : 'this extension'}`;
      const { name = 'The program', version = '' } = answer?.serverInfo ?? {};
      throw new VaultError('binaryUnsuitable', `${name} ${version} can't be used with protocol ${PROTOCOL}, ${advice}.`);
    }
    this.relayHandle = answer.capabilities?.experimental?.pluginVault?.relay?.handle;
    this.notify('initialized', {});
    this.#holdNode();
  }

  async request(method: string, params: object, signal?: Signal): Promise<unknown> {
    if (this.over) throw outcomeUnknown();
    this.#pending += 1;
    this.#holdNode();
    try {
      const answer = await this.#rpc.request(method, params, signal);
      const { handle } = params as { handle?: string };
      if (method === 'watchPersistentData') this.#watching.add(handle);
      if (method === 'unwatchPersistentData') this.#watching.delete(handle);
      return answer;
    } catch (error) {
      // An error that the sidecar answered has its kind in `data`.
      if (error instanceof RpcError && error.data?.kind !== undefined) {
        throw VaultError.fromWire(error.code, error.message, error.data);
      }
      // Any other error is a broken connection, which can no longer be used.
      this.#child.kill('SIGKILL');
      await this.ended;
      throw outcomeUnknown();
    } finally {
      this.#pending -= 1;
      this.#holdNode();
    }
  }

  /** Keeps Node running only during a request or a watch: a program that does not close its vault ends nevertheless. */
  #holdNode(): void {
    const { stdin, stdout, stderr } = this.#child;
    const handles = [this.#child, stdin, stdout, stderr] as unknown as { ref(): void; unref(): void }[];
    for (const handle of handles) {
      if (this.#pending + this.#watching.size > 0) handle.ref();
      else handle.unref();
    }
  }

  notify(method: string, params: object): void {
    this.#rpc.notify(method, params);
  }

  /** Sends `shutdown` and `exit`, and kills the process after two seconds. Earlier requests are still answered. */
  async close(): Promise<void> {
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), SHUTDOWN_TIMEOUT);
    this.#pending += 1;
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

interface Initialized {
  capabilities?: { experimental?: { pluginVault?: { protocolVersion?: number; relay?: { handle: string } } } };
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
