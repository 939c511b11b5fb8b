// Parameters, checked as strictly as the sidecar checks them.

import type { Address, Context, JsonObject } from '../wire';
import { failure } from './failure';

const NAME = 256;
const URI = 8 * 1024;

export type Reason = 'unknown' | 'missing' | 'wrongType' | 'outOfRange';

export function wrong(parameter: string | number, reason: Reason): Error {
  return failure('invalidParams', { parameter, reason });
}

/** The parameters of one call. Refuses names that the method does not have. */
export class Params {
  #values: Record<string, unknown>;
  #names: readonly string[];

  constructor(values: object, names: readonly string[]) {
    this.#values = values as Record<string, unknown>;
    this.#names = names;
    const unknown = Object.keys(values).findIndex((name) => !names.includes(name));
    if (unknown >= 0) throw wrong(unknown, 'unknown');
  }

  #get(name: string): unknown {
    if (!this.#names.includes(name)) throw new Error(`${name} is no parameter of this method`);
    return this.#values[name] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') throw wrong(name, 'wrongType');
    return value;
  }

  name(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && (value === '' || Buffer.byteLength(value) > NAME)) throw wrong(name, 'outOfRange');
    return value;
  }

  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value)) throw wrong(name, 'outOfRange');
    const time = Date.parse(value);
    // Programs write a time before 1970 if none was set.
    if (!(time >= 0)) throw wrong(name, 'outOfRange');
    return time;
  }

  flag(name: string): boolean {
    const value = this.#get(name) ?? false;
    if (typeof value !== 'boolean') throw wrong(name, 'wrongType');
    return value;
  }

  integer(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Number.isInteger(value)) throw wrong(name, 'wrongType');
    if ((value as number) < least || (value as number) > most) throw wrong(name, 'outOfRange');
    return value as number;
  }

  object(name: string): JsonObject | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'wrongType');
    return value as JsonObject;
  }

  /** The record after which a list continues, as an entry of a list names it. */
  after(): Address | undefined {
    const entry = this.object('after');
    if (entry === undefined) return undefined;
    const [context, workspaceFolder, name] = [entry.context, entry.workspaceFolder, entry.name].map((value) => value ?? undefined);
    const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';
    if (!isText(context) || !isText(workspaceFolder) || !isText(name)) throw wrong('after', 'wrongType');
    if (context !== (workspaceFolder === undefined ? 'user' : 'workspace')) throw wrong('after', 'outOfRange');
    return { context, workspaceFolder: workspaceFolder && normalFolder(workspaceFolder), name } as Address;
  }

  context(name = 'context'): Context | undefined {
    const value = this.text(name);
    if (value !== undefined && value !== 'user' && value !== 'workspace') throw wrong(name, 'outOfRange');
    return value;
  }

  /** The folder as the caller wrote it; `normalFolder` makes it canonical. */
  folder(name: string): string | undefined {
    const value = this.text(name);
    if (value !== undefined && Buffer.byteLength(value) > URI) throw wrong(name, 'outOfRange');
    return value;
  }
}

/** A parameter that has to be there. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw wrong(name, 'missing');
  return value;
}

/**
 * The canonical form of a folder. This is simpler than the sidecar's, which follows RFC 3986 exactly. An authority that a URL
 * can't have is kept as it is.
 */
export function normalFolder(uri: string): string {
  const [, scheme, authority = '', rest] = /^([a-z][a-z0-9+.-]+:)(?:\/\/([^/?#]*))?(.*)$/isu.exec(uri) ?? [];
  if (!scheme || /\p{Cc}/u.test(uri) || Buffer.byteLength(uri) > URI) throw failure('workspaceFolderInvalid');
  let url: URL;
  let host = authority;
  try {
    url = new URL(uri);
    host = url.host.toLowerCase();
  } catch {
    url = new URL(`${scheme}//${rest}`);
  }
  const segments = url.pathname.split('/').map((segment) => encodeURIComponent(decode(segment)));
  const path = segments.join('/').replace(/\/+$/, '').replace(/^\/([A-Z])%3A/i, (_, drive) => `/${drive.toLowerCase()}:`);
  return `${url.protocol}//${host}${path || '/'}`;
}

/** The folder above a canonical folder, by the segments of its path; `undefined` for a root. */
export function parentFolder(folder: string): string | undefined {
  const [, head, path] = /^([^/]*\/\/[^/]*)(\/.*)$/s.exec(folder) ?? [];
  if (head === undefined || path === undefined || path === '/') return undefined;
  return head + (path.slice(0, path.lastIndexOf('/')).replace(/\/+$/, '') || '/');
}

/** The only open folder. A folder without a canonical name also counts as open, but can't be the only one. */
export function onlyFolder(open: readonly string[]): string {
  const names = open.map((uri) => {
    try {
      return { named: normalFolder(uri) };
    } catch {
      return { unnamed: uri };
    }
  });
  const [only, ...others] = new Map(names.map((name) => [JSON.stringify(name), name])).values();
  if (!only?.named || others.length > 0) throw failure('workspaceFolderRequired');
  return only.named;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
