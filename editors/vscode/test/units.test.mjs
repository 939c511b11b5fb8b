// Unit tests without an editor: the mounts of a container, sizes, the nodes of the view.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';

import { build } from 'esbuild';

const modules = {};
const here = { installation: 'x', has: (plugin) => plugin === 'a.b' };
before(async () => {
  for (const path of ['../node/src/vscode/mounts', '../node/src/vscode/place', '../node/src/vscode/move', 'src/words', 'src/nodes', 'src/relay']) {
    const entry = fileURLToPath(new URL(`../${path}.ts`, import.meta.url));
    const name = path.split('/').at(-1);
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', write: false, external: ['vscode'] });
    modules[name] = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  }
});

test('a folder on a volume outlives the container, one on the root does not', () => {
  const { isOnTheRoot } = modules.mounts;
  const list = [
    '1 0 0:1 / / rw - overlay overlay rw',
    '2 1 8:1 /x /home/me/.local rw - ext4 /dev/sda1 rw',
    '3 1 8:1 /y /my\\040volume rw - ext4 /dev/sda1 rw',
  ].join('\n');
  for (const [folder, expected] of [
    ['/home/me/.local/share/plugin-vault', false],
    ['/home/me/.local', false],
    ['/home/me/.locals', true],
    ['/my volume/a', false],
    ['/tmp', true],
  ]) {
    assert.equal(isOnTheRoot(folder, list), expected, folder);
  }
  assert.equal(isOnTheRoot('/tmp', ''), true);
});

test('secrets live on another machine in a remote window, and not at all in a container, unless a relay has the store', () => {
  const { secretsPlace } = modules.place;
  const before = process.env.container;
  const inside = { dataDir: '/a' };
  try {
    process.env.container = 'docker';
    for (const name of [undefined, 'dev-container']) assert.equal(secretsPlace(name, inside), 'container');
    for (const name of [undefined, 'dev-container']) assert.equal(secretsPlace(name, { ...inside, relay: true }), 'own');
    assert.equal(secretsPlace('dev-container', { dataDir: '/proc/1' }), 'remote', 'a mount outlives the container');
  } finally {
    if (before === undefined) delete process.env.container;
    else process.env.container = before;
  }
});

test('sizes have a unit and at most one decimal', () => {
  const { bytes } = modules.words;
  const sizes = [0, 999, 1000, 1049, 9949, 9950, 123_456, 5_000_000].map(bytes);
  assert.deepEqual(sizes, ['0 B', '999 B', '1.0 kB', '1.0 kB', '9.9 kB', '10 kB', '123 kB', '5.0 MB']);
});

test('the view shows keys that are damaged, expired, shared, or without a name', async () => {
  const key = (more) => ({ keyId: 'k', owner: true, state: 'live', records: 1, bytes: 10, plugin: 'a.b', installation: 'x', ...more });
  const asked = [];
  const records = async (of) => {
    asked.push(of.installation);
    return [{ context: 'workspace', workspaceFolder: 'file:///a%20b/%', bytes: 1, updatedAt: '2030-01-01T00:00:00Z' }];
  };
  const keys = [
    key({ plugin: undefined, installation: undefined }),
    key({ state: 'damaged', owner: false, plugin: undefined, installation: undefined }),
    key({ state: 'expired' }),
    key({ owner: false, label: 'reader', installation: undefined }),
    key({}),
  ];
  const [named, nameless] = modules.nodes.plugins(keys, records, here);
  assert.deepEqual([named.label, named.kind, nameless.kind], ['a.b', 'plugin', 'note']);
  assert.equal(nameless.children.length, 2);
  const [expired, shared, live] = named.children;
  assert.match(expired.description, /^this editor · expired/);
  assert.deepEqual([expired.children, shared.children, shared.label], [undefined, undefined, 'reader']);
  const [folder] = await live.children();
  assert.deepEqual([folder.label, folder.children[0].label], ['%', 'Unnamed record']);
  assert.deepEqual(asked, ['x']);
});

test('a plugin that has data of this editor and is not installed is marked', () => {
  const key = (installation) => ({ keyId: 'k', owner: true, state: 'live', records: 1, bytes: 10, plugin: 'a.gone', installation });
  const mark = (keys) => modules.nodes.plugins(keys, undefined, here)[0].description;
  assert.match(mark([key('x'), key('nvim')]), /^no longer installed/);
  // Another editor's plugin may be installed there.
  assert.doesNotMatch(mark([key('nvim')]), /installed/);
});

test('records and times are said in plain words', () => {
  const { ago, recordName } = modules.words;
  const now = Date.parse('2030-06-15T12:00:00Z');
  const at = (seconds) => new Date(now + seconds * 1000).toISOString();
  const times = [-5, -120, -7200, -86_400 * 1.2, -86_400 * 9, 30, 3600 * 5, 86_400 * 3].map((seconds) => ago(at(seconds), now));
  assert.deepEqual(times, [
    'just now', '2 minutes ago', '2 hours ago', 'yesterday', '9 days ago', 'in less than a minute', 'in 5 hours', 'in 3 days',
  ]);
  assert.match(ago(at(-86_400 * 40), now), /^2030-05-0[56]$/);
  assert.deepEqual(
    ['secret:account', 'state:', `secret:#${'0'.repeat(64)}`, 'oauth', undefined].map(recordName),
    [
      { label: 'account', kind: 'secret' }, { label: 'An empty name', kind: 'state' }, { label: 'A long name', kind: 'secret' },
      { label: 'oauth' }, { label: 'Unnamed record' },
    ],
  );
});

test('each danger that is not stopped leads to its cure', () => {
  const status = { keyAvailable: true, protectors: ['key-file'], dataDir: '/d' };
  const protects = { copiesOfTheDataFolder: true, otherUsers: false, stolenDisk: false };
  const { description, children } = modules.nodes.protection({ ...status, protects });
  assert.equal(description, 'a key file · not against 2 dangers');
  assert.deepEqual(children.map(({ command }) => command), [undefined, 'pluginVault.examine', 'pluginVault.addPassphrase']);
});

test('hidden characters of a plugin’s name are shown as escapes', () => {
  const { visible, plain } = modules.words;
  for (const [name, shown] of [
    ['me.plugin', 'me.plugin'],
    ['издатель 鍵 हिन्दी clé 🔑', 'издатель 鍵 हिन्दी clé 🔑'],
    ['me\nyou\r\t', 'me\\u{a}you\\u{d}\\u{9}'],
    ['me\u200b\u202e\u2066', 'me\\u{200b}\\u{202e}\\u{2066}'],
    ['\u2028\u2029\u0085\u007f\u009b', '\\u{2028}\\u{2029}\\u{85}\\u{7f}\\u{9b}'],
    ['\u{e0041}\ufe0f\u034f\u3164\u00a0', '\\u{e0041}\\u{fe0f}\\u{34f}\\u{3164}\\u{a0}'],
    ['\ud800 \\u{200b} \\u', '\\u{d800} \\u{5c}u{200b} \\u'],
  ]) {
    assert.equal(visible(name), shown);
  }
  assert.equal(plain('[here](command:evil) $(trash)\n'), '[here] (command:evil) $ (trash)\\u{a}');
});

test('no name moves or reverses text in the view', async () => {
  const hostile = 'me\n\u202e\u200b\u2028';
  const record = { context: 'workspace', name: hostile, bytes: 1, updatedAt: '2030-01-01T00:00:00Z' };
  const records = async () => [{ ...record, workspaceFolder: `file:///a/${encodeURIComponent(hostile)}` }];
  const key = { keyId: 'k', owner: true, state: 'live', records: 1, bytes: 10, plugin: hostile, installation: hostile };
  const nodes = modules.nodes.plugins([key, { ...key, installation: undefined, label: hostile }], records, here);
  const texts = [];
  const collect = async (node) => {
    texts.push(node.label, node.description ?? '', ...(node.tooltip ?? '').split('\n'));
    const children = typeof node.children === 'function' ? await node.children() : (node.children ?? []);
    for (const child of children) await collect(child);
  };
  for (const node of nodes) await collect(node);
  assert.ok(texts.filter((text) => text.includes('me\\u{a}\\u{202e}\\u{200b}\\u{2028}')).length >= 6, texts.join());
  assert.ok(!texts.some((text) => /[\p{C}\p{Zl}\p{Zp}]/u.test(text)), texts.join());
  // The commands use the original name.
  assert.deepEqual([nodes[0].plugin, nodes[0].children[0].key.plugin], [hostile, hostile]);
});

test('values are deleted in the editor’s storage only after they are read back, and never in a remote window', async () => {
  const steps = [];
  const source = new Map([['old', 'a'], ['other', 'theirs']]);
  const vault = new Map([['other', 'ours']]);
  const from = {
    get: async (key) => source.get(key),
    delete: async (key) => void steps.push(`delete ${key}`) ?? source.delete(key),
  };
  const to = {
    offer: async (key, value) => void steps.push(`offer ${key}`) ?? (vault.has(key) || vault.set(key, value)),
    get: async (key) => void steps.push(`get ${key}`) ?? vault.get(key),
  };
  const { move } = modules.move;
  const keys = ['old', 'other', 'never'];
  assert.deepEqual(await move(from, to, keys, true), { moved: [], copied: ['old'], differing: ['other'] });
  assert.deepEqual([...source.keys()], ['old', 'other']);
  steps.length = 0;
  assert.deepEqual(await move(from, to, keys, false), { moved: ['old'], copied: [], differing: ['other'] });
  assert.deepEqual([...source.keys()], ['other']);
  assert.deepEqual(steps, ['offer old', 'offer other', 'get old', 'get other', 'delete old']);
  await assert.rejects(move(from, to, undefined, false), TypeError);
});

test('each extension has the socket that the setting names for it', () => {
  const { socketFor } = modules.relay;
  assert.equal(socketFor('', 'a.b'), undefined);
  assert.equal(socketFor('/run/pv/one.sock', 'a.b'), '/run/pv/one.sock');
  assert.equal(socketFor('/run/pv/${extension}.sock', 'a.b'), '/run/pv/a.b.sock');
  assert.equal(socketFor('/run/pv/${extension}.sock', undefined), undefined);
});
