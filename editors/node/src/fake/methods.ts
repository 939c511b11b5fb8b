// The methods of the fake: their parameters, whether they need the store key, and their implementation.

import type { Scope } from '../wire';
import { isLive, type Call } from './call';
import { failure } from './failure';
import { normalFolder, required, wrong } from './params';
import * as records from './records';
import { dates, defined, describe, permitLeases, type KeyRow } from './state';

interface Method {
  params: readonly string[];
  needsKey: boolean;
  run(call: Call): unknown;
}

const method = (run: Method['run'], ...params: string[]): Method => ({ params: ['handle', ...params], needsKey: true, run });
const PLACE = ['context', 'workspaceFolder', 'name'] as const;
const TTL = [100, 600_000] as const;
const WAIT = 600_000;

export const METHODS: Readonly<Record<string, Method>> = {
  setAPIKey: { params: ['apiKey', 'mustExist'], needsKey: false, run: setKey },
  issueAPIKey: { params: ['plugin', 'installation', 'label', 'expiresAt'], needsKey: true, run: issue },
  shareAPIKey: method(share, 'label', 'expiresAt', 'scope'),
  listAPIKeys: method(listKeys),
  rotateAPIKey: method(rotate, 'apiKey'),
  revokeAPIKey: method(revoke, 'keyId'),
  setPersistentData: method(records.set, ...PLACE, 'data', 'ifRevision', 'expiresAt', 'lease'),
  getPersistentData: method((call) => JSON.parse(records.read(call)?.text ?? 'null'), ...PLACE, 'inherit'),
  getPersistentRecord: method(records.getRecord, ...PLACE, 'inherit'),
  patchPersistentData: method(records.patch, ...PLACE, 'patch', 'ifRevision', 'lease'),
  deletePersistentData: method(records.remove, ...PLACE, 'ifRevision', 'lease'),
  listPersistentData: method(records.list, 'context', 'workspaceFolder', 'limit', 'after'),
  movePersistentData: method(records.move, 'from', 'to'),
  watchPersistentData: method(watch, 'since'),
  unwatchPersistentData: method(unwatch),
  acquireLease: method(acquire, 'name', 'ttlMs', 'waitMs'),
  renewLease: method(renew, 'name', 'lease'),
  releaseLease: method(release, 'name', 'lease'),
  'vault/status': { params: [], needsKey: false, run: ({ state }) => state.status() },
  'vault/lock': { params: [], needsKey: false, run: lock },
  'vault/unlock': { params: ['passphrase', 'timeoutMs'], needsKey: false, run: unlock },
};

// --- Keys

function setKey({ params, state, client }: Call): object {
  const apiKey = apiKeyOf(required(params.text('apiKey'), 'apiKey'));
  const mustExist = params.flag('mustExist');
  if (state.locked) return { handle: client.setKey(apiKey).id };
  const row = state.good(apiKey);
  if (mustExist && !row) throw failure('apiKeyUnknown');
  const details = row ? describe(row) : { keyId: '', owner: true };
  return { handle: client.setKey(apiKey).id, known: row !== undefined, ...details };
}

function apiKeyOf(text: string): string {
  if (!/^[0-9a-f]{40}$/i.test(text)) throw failure('apiKeyInvalid');
  return text.toLowerCase();
}

function issue({ params, state }: Call): object {
  const plugin = required(params.name('plugin'), 'plugin');
  const [installation, label, expiresAt] = [params.name('installation'), params.name('label'), params.time('expiresAt')];
  const kept = installation === undefined ? undefined : state.kept(plugin, installation);
  const row = kept ?? state.add({ plugin, installation, label, expiresAt });
  return { apiKey: row.apiKey, created: !kept, ...describe(row) };
}

function share(call: Call): object {
  const { params, state } = call;
  const label = params.name('label');
  const asked = params.time('expiresAt');
  const scope = params.object('scope') as Scope | undefined;
  const owner = call.begin();
  if (!owner.owner) throw failure('notPermitted', { reason: 'owner' });
  const ends = [asked, owner.expiresAt].filter((end) => end !== undefined);
  const expiresAt = ends.length === 0 ? undefined : Math.min(...ends);
  const workspaceFolders = scope?.workspaceFolders?.map(normalFolder);
  const limited = scope && (defined({ ...scope, workspaceFolders }) as Scope);
  const { namespace, plugin, installation } = owner;
  const row = state.add({ namespace, plugin, installation, label, expiresAt, scope: limited, owner: false });
  return { apiKey: row.apiKey, ...describe(row) };
}

function keysOf(call: Call, row: KeyRow): KeyRow[] {
  const all = [...call.state.keys.values()].filter((each) => each.namespace === row.namespace && !each.revoked);
  return row.owner ? all : [row];
}

function listKeys(call: Call): object[] {
  const row = call.row();
  return row ? keysOf(call, row).map((each) => ({ ...describe(each), current: each === row })) : [];
}

function rotate(call: Call): object {
  const { params, state } = call;
  const brought = params.text('apiKey');
  const apiKey = brought === undefined ? undefined : apiKeyOf(brought);
  const handle = call.handle();
  const row = call.begin();
  const { keyId: _, ...kept } = row;
  const next = apiKey === row.apiKey ? row : state.add({ ...kept, apiKey, issuedAt: Date.now() });
  handle.apiKey = next.apiKey;
  for (const lease of row.namespace.leases.values()) if (lease.keyId === row.keyId) lease.keyId = next.keyId;
  if (next !== row) state.revoke(row);
  return { apiKey: next.apiKey, ...describe(next) };
}

function revoke(call: Call): object {
  const keyId = call.params.text('keyId');
  const row = call.begin();
  const other = keyId !== undefined && keyId !== row.keyId;
  if (other && !row.owner) throw failure('notPermitted', { reason: 'owner' });
  const target = keysOf(call, row).find((each) => each.keyId === (keyId ?? row.keyId));
  if (!target) throw failure('apiKeyUnknown');
  const ending = target.owner ? keysOf(call, row) : [target];
  for (const each of ending) {
    call.state.revoke(each);
    for (const [name, lease] of row.namespace.leases) if (lease.keyId === each.keyId) row.namespace.leases.delete(name);
  }
  call.state.wake();
  if (target.owner) row.namespace.records.clear();
  return { revoked: true, destroyed: target.owner };
}

// --- Changes

function watch({ params, state, client, row, handle }: Call): object {
  const since = params.integer('since');
  row();
  const watcher = handle();
  watcher.watching = true;
  if (since !== undefined) state.replay(client, watcher, since);
  return { watching: true, revision: since ?? state.revision };
}

function unwatch({ state, row, handle }: Call): object {
  row();
  handle().watching = false;
  return { watching: false, revision: state.revision };
}

// --- Leases

async function acquire(call: Call): Promise<object> {
  const { params, state, client, signal } = call;
  const name = required(params.name('name'), 'name');
  const ttlMs = required(params.integer('ttlMs', ...TTL), 'ttlMs');
  const deadline = performance.now() + (params.integer('waitMs', 0, WAIT) ?? 0);
  for (;;) {
    if (signal?.aborted || client.over) throw failure('requestCancelled');
    const row = call.row();
    permitLeases(row?.scope);
    const held = row?.namespace.leases.get(name);
    const now = performance.now();
    if (!held || !isLive(held)) {
      const token = state.nextRevision();
      const { namespace, keyId } = call.begin();
      namespace.leases.set(name, { token, holder: client, keyId, ttlMs, end: now + ttlMs });
      return { lease: token, ...dates({ expiresAt: Date.now() + ttlMs }) };
    }
    if (now >= deadline) throw failure('leaseHeld', { ...dates({ expiresAt: Date.now() + held.end - now }) });
    await state.sleep(Math.min(held.end, deadline) - now + 1, signal);
  }
}

function own(call: Call): [name: string, lease: { ttlMs: number; end: number }, row: KeyRow] {
  const name = required(call.params.name('name'), 'name');
  const token = required(call.params.integer('lease'), 'lease');
  const row = call.row();
  permitLeases(row?.scope);
  const lease = row?.namespace.leases.get(name);
  if (!row || !lease || lease.token !== token || !isLive(lease)) throw failure('leaseLost');
  if (lease.keyId !== row.keyId) throw failure('notPermitted', { reason: 'lease' });
  return [name, lease, row];
}

function renew(call: Call): object {
  const [, lease] = own(call);
  lease.end = performance.now() + lease.ttlMs;
  return dates({ expiresAt: Date.now() + lease.ttlMs });
}

function release(call: Call): object {
  const [name, , row] = own(call);
  row.namespace.leases.delete(name);
  call.state.wake();
  return { released: true };
}

// --- The store

function lock({ state }: Call): object {
  state.lock();
  return { locked: true };
}

function unlock({ params, state }: Call): object {
  if (params.text('passphrase') === '') throw wrong('passphrase', 'outOfRange');
  params.integer('timeoutMs', 0, WAIT);
  state.unlock();
  return { keyAvailable: true };
}
