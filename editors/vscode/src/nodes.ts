// The content of the view, as plain data: a tree made from the lists of the command line. It contains no value and no key.

import type { Status } from 'plugin-vault';

import type { ListedKey, ListedPlace, RecordAddress } from './operator';
import { ago, bytes, count, editor, protector, recordName, visible, when } from './words';

export interface Node {
  label: string;
  description?: string;
  tooltip?: string;
  icon: string;
  /** Determines which menu items the node has. */
  kind: 'protection' | 'plugin' | 'key' | 'place' | 'record' | 'note';
  /** The argument of the plugin's commands. */
  plugin?: string;
  key?: ListedKey;
  record?: RecordAddress;
  command?: string;
  /** Known already, or fetched when the node is expanded. A leaf has none. */
  children?: Node[] | (() => Promise<Node[]>);
}

/** What the view knows of the editor in which it is. */
export interface Here {
  installation: string;
  /** Whether an extension of this name is installed and enabled. */
  has(plugin: string): boolean;
}

type Records = (key: ListedKey) => Promise<ListedPlace[]>;

/** The dangers, and the command that helps against each. */
const guards: [keyof Status['protects'], string, string][] = [
  ['copiesOfTheDataFolder', 'Copies of the data folder', 'pluginVault.examine'],
  ['otherUsers', 'Other users of this machine', 'pluginVault.examine'],
  ['stolenDisk', 'A stolen disk', 'pluginVault.addPassphrase'],
];
const cures: Record<string, string> = {
  'pluginVault.examine': 'not protected: see why',
  'pluginVault.addPassphrase': 'not protected: add a passphrase',
};

export function protection(status: Status): Node {
  const open = guards.filter(([name]) => !status.protects[name]).length;
  const by = status.protectors.map(protector).join(' or ') || protector(status.protector);
  return {
    kind: 'protection',
    label: status.keyAvailable ? 'Protection' : 'Locked',
    description: [by, open > 0 && status.keyAvailable && `not against ${count(open, 'danger')}`].filter(Boolean).join(' · '),
    tooltip: `The store is in ${visible(status.dataDir)}`,
    icon: status.keyAvailable ? (open > 0 ? 'shield' : 'pass') : 'lock',
    children: guards.map(([name, label, cure]) => ({
      kind: 'note',
      label,
      ...(status.protects[name]
        ? { description: 'protected', icon: 'pass' }
        : { description: cures[cure], icon: 'warning', command: cure }),
    })),
  };
}

/** Plugins by name; keys without a plugin name come last. */
export function plugins(keys: ListedKey[], records: Records, here: Here): Node[] {
  const groups = new Map<string, ListedKey[]>();
  for (const key of keys) groups.set(key.plugin ?? '', [...(groups.get(key.plugin ?? '') ?? []), key]);
  const names = [...groups.keys()].sort((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b));
  return names.map((name) => plugin(name, groups.get(name)!, records, here));
}

function plugin(name: string, keys: ListedKey[], records: Records, here: Here): Node {
  const owners = keys.filter((key) => key.owner);
  const last = owners.map((key) => key.lastWriteAt ?? '').sort().pop();
  const size = owners.reduce((sum, key) => sum + key.bytes, 0);
  const isGone = keys.some(({ installation }) => installation === here.installation) && !here.has(name);
  return {
    kind: name ? 'plugin' : 'note',
    label: visible(name) || 'Keys without a plugin name',
    description: [isGone && 'no longer installed', bytes(size), last && ago(last)].filter(Boolean).join(' · '),
    tooltip: [
      count(owners.length, 'installation'),
      ...(last ? [`Last change ${when(last)}`] : []),
      ...(isGone ? ['No extension of this name is installed and enabled in this window. Its data stays until you forget it.'] : []),
    ].join('\n'),
    icon: isGone ? 'warning' : 'extensions',
    plugin: name || undefined,
    children: keys.map((key) => installation(key, records, here)),
  };
}

function installation(key: ListedKey, records: Records, here: Here): Node {
  const kept = key.owner && key.plugin !== undefined && key.installation !== undefined && key.state === 'live';
  const facts = [
    key.installation === here.installation && 'this editor',
    key.state === 'live' ? undefined : key.state,
    key.owner ? count(key.records, 'record') : 'shared key',
    key.owner ? bytes(key.bytes) : undefined,
    key.expiresAt && `expires ${ago(key.expiresAt)}`,
  ];
  const dates: [string, string | undefined][] = [
    ['Issued', key.issuedAt],
    ['Last change', key.lastWriteAt],
    ['Expires', key.expiresAt],
  ];
  const known = dates.filter(([, at]) => at !== undefined).map(([what, at]) => `${what} ${when(at!)}`);
  const name = key.installation === undefined ? key.label : editor(key.installation);
  return {
    kind: 'key',
    label: visible(name ?? (key.owner ? 'Owner’s key' : 'Shared key')),
    description: facts.filter(Boolean).join(' · '),
    tooltip: [`Key ${key.keyId}`, ...known].join('\n'),
    icon: key.state === 'live' ? 'key' : 'warning',
    key,
    children: kept && key.records > 0 ? async () => places(key, await records(key)) : undefined,
  };
}

/** Contexts and folders, with their records below. */
function places(key: ListedKey, records: ListedPlace[]): Node[] {
  const groups = new Map<string, ListedPlace[]>();
  for (const record of records) {
    const place = record.workspaceFolder ?? '';
    groups.set(place, [...(groups.get(place) ?? []), record]);
  }
  return [...groups].map(([folder, inside]) => ({
    kind: 'place',
    label: folder ? visible(decode(folder).split('/').pop() ?? folder) : 'In all folders',
    description: count(inside.length, 'record'),
    tooltip: folder ? visible(decode(folder)) : 'The same in all folders',
    icon: folder ? 'folder' : 'account',
    children: inside.map((place) => record({ plugin: key.plugin!, installation: key.installation!, place })),
  }));
}

function record(address: RecordAddress): Node {
  const { name, bytes: size, updatedAt, expiresAt } = address.place;
  const { label, kind } = recordName(name);
  const facts = [kind, bytes(size), ago(updatedAt), expiresAt && `expires ${ago(expiresAt)}`];
  const dates = [`Last change ${when(updatedAt)}`, ...(expiresAt ? [`Expires ${when(expiresAt)}`] : [])];
  return {
    kind: 'record',
    label: visible(label),
    description: facts.filter(Boolean).join(' · '),
    tooltip: [...(name === undefined ? [] : [`Name ${visible(name)}`]), ...dates].join('\n'),
    icon: kind === 'secret' ? 'key' : 'note',
    record: address,
  };
}

function decode(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
