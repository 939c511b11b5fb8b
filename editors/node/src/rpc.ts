// JSON-RPC over the pipes of a sidecar: frames, requests and their answers, notifications. The client half of LSP's base protocol.

import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Signal } from './signal';

/** An answer that is an error. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: { kind?: unknown } | undefined;

  constructor({ code, message, data }: { code: number; message: string; data?: object }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: object };
}

/** The longest header, in bytes. */
const HEADER = 4_096;
const METHOD_NOT_FOUND = -32_601;

export class Rpc {
  #output: Writable;
  #notice: (method: string, params: unknown) => void;
  #pending = new Map<number, Pending>();
  #next = 0;
  #chunks: Buffer[] = [];
  /** Bytes in `#chunks`. */
  #held = 0;
  /** Bytes of the message that is being read; `undefined` during its header. */
  #length: number | undefined;
  #reading = false;
  #broken: Error | undefined;

  constructor(input: Readable, output: Writable, notice: (method: string, params: unknown) => void) {
    this.#output = output;
    this.#notice = notice;
    input.on('data', (chunk: Buffer) => this.#receive(chunk));
    for (const stream of [input, output]) stream.on('error', (error) => this.end(error));
  }

  /** Resolves with the result. Rejects with an `RpcError`, or with another error if there is no answer. */
  request(method: string, params: object, signal?: Signal): Promise<unknown> {
    const id = this.#next++;
    const cancel = (): void => this.notify('$/cancelRequest', { id });
    const answer = new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      this.#pending.set(id, { resolve, reject });
      this.#send({ id, method, params });
      signal?.addEventListener('abort', cancel, { once: true });
    });
    return signal ? answer.finally(() => signal.removeEventListener('abort', cancel)) : answer;
  }

  notify(method: string, params: object): void {
    if (!this.#broken) this.#send({ method, params });
  }

  /** Ends the connection. Messages that have come are still read. Then requests without an answer are rejected with this error. */
  end(error: Error): void {
    this.#broken ??= error;
    if (!this.#reading) this.#rejectAll();
  }

  #rejectAll(): void {
    for (const { reject } of this.#pending.values()) reject(this.#broken!);
    this.#pending.clear();
  }

  /** One write for each message. */
  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#output.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (!this.#reading) void this.#read();
  }

  /** Reads all messages that have come. Each in a task: what waits for an answer continues before the next message is read. */
  async #read(): Promise<void> {
    this.#reading = true;
    try {
      for (let body = this.#nextBody(); body !== undefined; body = this.#nextBody()) {
        this.#dispatch(JSON.parse(body));
        await setImmediate();
      }
    } catch (error) {
      this.#broken ??= error as Error;
    }
    this.#reading = false;
    if (this.#broken) this.#rejectAll();
  }

  /** The body of the next message, if all of it has come. */
  #nextBody(): string | undefined {
    if (this.#length === undefined) {
      const held = Buffer.concat(this.#chunks);
      const end = held.indexOf('\r\n\r\n');
      if (end > HEADER || (end < 0 && held.length > HEADER)) throw new Error('The header of a message is too long.');
      this.#chunks = [held];
      if (end < 0) return undefined;
      const [, digits] = /^content-length: *(\d+) *$/im.exec(held.toString('latin1', 0, end)) ?? [];
      if (digits === undefined) throw new Error('A message has no length.');
      this.#length = Number(digits);
      this.#chunks = [held.subarray(end + 4)];
      this.#held = held.length - end - 4;
    }
    if (this.#held < this.#length) return undefined;
    const held = Buffer.concat(this.#chunks);
    const body = held.toString('utf8', 0, this.#length);
    this.#chunks = [held.subarray(this.#length)];
    this.#held -= this.#length;
    this.#length = undefined;
    return body;
  }

  #dispatch({ id, method, params, result, error }: Message): void {
    if (method !== undefined) {
      // A sidecar asks nothing.
      if (id === undefined) this.#notice(method, params);
      else this.#send({ id, error: { code: METHOD_NOT_FOUND, message: 'The client has no methods.' } });
      return;
    }
    const pending = this.#pending.get(id as number);
    this.#pending.delete(id as number);
    if (error) pending?.reject(new RpcError(error));
    else pending?.resolve(result);
  }
}
