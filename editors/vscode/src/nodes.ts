// The content of the view, as plain data: a tree made from the lists of the command line. It contains no value and no key.

import type { Status } from 'plugin-vault';

import type { ListedKey, ListedPlace } from './operator';
import { bytes, count, protector, visible, when } from './words';

export interface Node {
  label: string;
  description?: string;
  tooltip?: string;
  icon: string;
  /** Determines which menu items the node has. */
  kind: 'protection' | 'plugin' | 'key' | 'place' | 'note';
  /** The argument of the plugin's commands. */
  plugin?: string;
  key?: ListedKey;
  command?: string;
  /** Known already, or fetched when the node is expanded. A leaf has none. */
  children?: Node[] | (() => Promise<Node[]>);
}

export function protection(status: Status): Node {
  const guards: [keyof Status['protects'], string][] = [
    ['copiesOfTheDataFolder', 'Copies of the data folder'],
    ['otherUsers', 'Other users of this machine'],
    ['stolenDisk', 'A stolen disk'],
  ];
  return {
    kind: 'protection',
    label: status.keyAvailable ? 'Protection' : 'Locked',
    description: status.protectors.map(protector).join(' or ') || protector(status.protector),
    tooltip: `The store is in ${visible(status.dataDir)}`,
    icon: status.keyAvailable ? 'shield' : 'lock',
    children: guards.map(([name, label]) => ({
      kind: 'note',
      label,
      description: status.protects[name] ? 'protected' : 'not protected',
      icon: status.protects[name] ? 'pass' : 'circle-slash',
    })),
  };
}

/** Plugins by name; keys without a plugin name come last. */
export function plugins(keys: ListedKey[], records: (key: ListedKey) => Promise<ListedPlace[]>): Node[] {
  const groups = new Map<string, ListedKey[]>();
  for (const key of keys) groups.set(key.plugin ?? '', [...(groups.get(key.plugin ?? '') ?? []), key]);
  const names = [...groups.keys()].sort((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b));
  return names.map((name) => plugin(name, groups.get(name)!, records));
}

function plugin(name: string, keys: ListedKey[], records: (key: ListedKey) => Promise<ListedPlace[]>): Node {
  const owners = keys.filter((key) => key.owner);
  const last = owners.map((key) => key.lastWriteAt ?? '').sort().pop();
  const size = owners.reduce((sum, key) => sum + key.bytes, 0);
  return {
    kind: name ? 'plugin' : 'note',
    label: visible(name) || 'Keys without a plugin name',
    description: [bytes(size), last && when(last)].filter(Boolean).join(' · '),
    tooltip: count(owners.length, 'installation'),
    icon: 'extensions',
    plugin: name || undefined,
    children: keys.map((key) => installation(key, records)),
  };
}

function installation(key: ListedKey, records: (key: ListedKey) => Promise<ListedPlace[]>): Node {
  const kept = key.owner && key.plugin !== undefined && key.installation !== undefined && key.state === 'live';
  const facts = [
    key.state === 'live' ? undefined : key.state,
    key.owner ? count(key.records, 'record') : 'shared key',
    key.owner ? bytes(key.bytes) : undefined,
    key.expiresAt && `expires ${when(key.expiresAt)}`,
  ];
  const dates: [string, string | undefined][] = [
    ['Issued', key.issuedAt],
    ['Last change', key.lastWriteAt],
    ['Expires', key.expiresAt],
  ];
  const known = dates.filter(([, at]) => at !== undefined).map(([what, at]) => `${what} ${when(at!)}`);
  return {
    kind: 'key',
    label: visible(key.installation ?? key.label ?? (key.owner ? 'Owner’s key' : 'Shared key')),
    description: facts.filter(Boolean).join(' · '),
    tooltip: [`Key ${key.keyId}`, ...known].join('\n'),
    icon: key.state === 'live' ? 'key' : 'warning',
    key,
    children: kept && key.records > 0 ? async () => places(await records(key)) : undefined,
  };
}

/** Contexts and folders, with their records below. */
function places(records: ListedPlace[]): Node[] {
  const groups = new Map<string, ListedPlace[]>();
  for (const record of records) {
    const place = record.workspaceFolder ?? '';
    groups.set(place, [...(groups.get(place) ?? []), record]);
  }
  return [...groups].map(([folder, inside]) => ({
    kind: 'place',
    label: folder ? visible(decode(folder).split('/').pop() ?? folder) : 'User',
    description: count(inside.length, 'record'),
    tooltip: folder ? visible(decode(folder)) : 'The same in all folders',
    icon: folder ? 'folder' : 'account',
    children: inside.map(record),
  }));
}

function record(place: ListedPlace): Node {
  const facts = [bytes(place.bytes), when(place.updatedAt), place.expiresAt && `expires ${when(place.expiresAt)}`];
  return {
    kind: 'place',
    label: visible(place.name ?? '(the object)'),
    description: facts.filter(Boolean).join(' · '),
    icon: 'note',
  };
}

function decode(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
