// Reads, writes, patches and moves the records of the fake.

import { createHash } from 'node:crypto';
import type { Address, JsonObject } from '../wire';
import type { Call } from './call';
import { failure } from './failure';
import { normalFolder, onlyFolder, parentFolder, required, wrong } from './params';
import { dates, defined, permits, type KeyRow, type Namespace, type StoredRecord } from './state';

const MAX_DATA = 8 * 1024 * 1024;

/** The address of the record that a call names. */
export function address(call: Call): Address {
  const { params, folders } = call;
  const context = required(params.context(), 'context');
  const folder = params.folder('workspaceFolder');
  const name = params.name('name');
  if (context === 'user') {
    if (folder !== undefined) throw wrong('workspaceFolder', 'outOfRange');
    return defined({ context, name }) as Address;
  }
  // The key is checked before the folder.
  call.row();
  const workspaceFolder = folder === undefined ? onlyFolder(folders) : normalFolder(folder);
  return defined({ context, workspaceFolder, name }) as Address;
}

const keyOf = ({ context, workspaceFolder, name }: Address): string => JSON.stringify([context, workspaceFolder, name]);

function find(namespace: Namespace | undefined, place: Address): StoredRecord | undefined {
  const record = namespace?.records.get(keyOf(place));
  return record?.expiresAt !== undefined && record.expiresAt <= Date.now() ? undefined : record;
}

/** Folders above a folder that a read with `inherit` looks in. */
const PARENTS = 64;

/** The record that a read names, if the key may read it. */
export function read(call: Call): StoredRecord | undefined {
  const inherit = call.params.flag('inherit');
  const place = address(call);
  const row = call.row();
  if (inherit) {
    const readable = steps(place).filter((step) => permits(row?.scope, step));
    return readable.map((step) => find(row?.namespace, step)).find((record) => record !== undefined);
  }
  if (!permits(row?.scope, place)) throw failure('notPermitted', { reason: 'scope' });
  return find(row?.namespace, place);
}

export function getRecord(call: Call): object | null {
  const record = read(call);
  if (!record) return null;
  const { name: _, ...foundIn } = record.address;
  const where = call.params.flag('inherit') ? { foundIn } : {};
  return { data: JSON.parse(record.text), revision: record.revision, ...dates(record), ...where };
}

/** The addresses to look at: the folder, the folders above it, the user. */
function steps({ workspaceFolder, name }: Address): Address[] {
  const folders: string[] = [];
  for (let folder = workspaceFolder; folder !== undefined && folders.length <= PARENTS; folder = parentFolder(folder)) {
    folders.push(folder);
  }
  const above = folders.map((folder) => ({ context: 'workspace', workspaceFolder: folder, name }));
  return [...above, { context: 'user', name }].map((step) => defined(step) as Address);
}

/** The record that a write names. `check` refuses the write if its conditions do not hold. */
function writable(call: Call): { place: Address; row?: KeyRow; before?: StoredRecord; check(): void } {
  const place = address(call);
  const lease = call.params.integer('lease');
  const ifRevision = call.params.integer('ifRevision');
  const row = call.row();
  call.permitWriting(row, place);
  const before = find(row?.namespace, place);
  const check = (): void => {
    call.checkLease(row, lease);
    const revision = before?.revision ?? 0;
    if (ifRevision !== undefined && ifRevision !== revision) throw failure('revisionConflict', { revision });
  };
  return { place, row, before, check };
}

/** Stores the text that `change` makes of the stored one. */
function write(
  call: Call,
  change: (before: StoredRecord | undefined) => { text: string; expiresAt?: number },
): { revision: number } {
  const { state, client } = call;
  const { place, before, check } = writable(call);
  const { text, expiresAt } = change(before);
  if (Buffer.byteLength(text) > MAX_DATA) throw failure('dataTooLarge', { reason: 'data', limit: MAX_DATA });
  check();
  if (before?.text === text && before.expiresAt === expiresAt) return { revision: before.revision };
  const { namespace } = call.begin();
  const revision = state.nextRevision();
  const updatedAt = Date.now();
  const createdAt = before?.createdAt ?? updatedAt;
  namespace.records.set(keyOf(place), { address: place, text, revision, createdAt, updatedAt, expiresAt });
  state.changed(namespace, client, place, revision, false);
  return { revision };
}

export function set(call: Call): object {
  const data = required(call.params.object('data'), 'data');
  const expiresAt = call.params.time('expiresAt');
  return write(call, () => ({ text: JSON.stringify(data), expiresAt }));
}

export function patch(call: Call): object {
  const changes = required(call.params.object('patch'), 'patch');
  return write(call, (before) => {
    const target = before ? JSON.parse(before.text) : {};
    return { text: JSON.stringify(merge(target, changes)), expiresAt: before?.expiresAt };
  });
}

/** RFC 7396. */
function merge(target: unknown, changes: unknown): unknown {
  if (!isObject(changes)) return changes;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, change] of Object.entries(changes)) {
    if (change === null) merged.delete(name);
    else merged.set(name, merge(merged.get(name), change));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function remove(call: Call): object {
  const { state, client } = call;
  const { place, row, before, check } = writable(call);
  check();
  if (!row || !before) return { deleted: false, revision: 0 };
  row.namespace.records.delete(keyOf(place));
  const revision = state.nextRevision();
  state.changed(row.namespace, client, place, revision, true);
  return { deleted: true, revision };
}

/** Records in one page of a list. */
const PAGE = 1_000;

/** The position of a record in every list. The order reveals nothing about it, as with the sidecar. */
const order = (place: Address): string => createHash('sha256').update(keyOf(place)).digest('hex');

export function list({ params, row: caller }: Call): object[] {
  const context = params.context();
  const folder = params.folder('workspaceFolder');
  const limit = params.integer('limit', 1, PAGE);
  const after = params.after();
  if (folder !== undefined && context === 'user') throw wrong('workspaceFolder', 'outOfRange');
  const row = caller();
  const workspaceFolder = folder === undefined ? undefined : normalFolder(folder);
  const behind = after && order(after);
  const records = [...(row?.namespace.records.values() ?? [])]
    .map((record) => ({ record, at: order(record.address) }))
    .filter(({ at }) => behind === undefined || at > behind)
    .sort((one, other) => (one.at < other.at ? -1 : 1));
  const found: object[] = [];
  for (const { record } of records) {
    if (found.length === limit) break;
    const place = record.address;
    const asked =
      (context === undefined || place.context === context) &&
      (workspaceFolder === undefined || place.workspaceFolder === workspaceFolder);
    if (!asked || !find(row?.namespace, place) || !permits(row?.scope, place)) continue;
    found.push({ ...place, revision: record.revision, ...dates(record), bytes: Buffer.byteLength(record.text) });
  }
  return found;
}

export function move(call: Call): object {
  const { params, state, client } = call;
  const [from, to] = ['from', 'to'].map((name) => required(params.folder(name), name));
  const row = call.row();
  const [source, target] = [normalFolder(from as string), normalFolder(to as string)];
  for (const workspaceFolder of [source, target]) call.permitWriting(row, { context: 'workspace', workspaceFolder });
  const moving = [...(row?.namespace.records.values() ?? [])].filter(
    ({ address: place }) => place.workspaceFolder === source && find(row?.namespace, place),
  );
  if (!row || source === target || moving.length === 0) return { moved: 0, revision: 0 };
  const place = (record: StoredRecord): Address => ({ ...record.address, workspaceFolder: target });
  if (moving.some((record) => find(row.namespace, place(record)))) throw failure('targetExists');
  for (const record of moving) {
    row.namespace.records.delete(keyOf(record.address));
    state.changed(row.namespace, client, record.address, state.nextRevision(), true);
    const moved = { ...record, address: place(record), revision: state.nextRevision(), updatedAt: Date.now() };
    row.namespace.records.set(keyOf(moved.address), moved);
    state.changed(row.namespace, client, moved.address, moved.revision, false);
  }
  return { moved: moving.length, revision: state.revision };
}
