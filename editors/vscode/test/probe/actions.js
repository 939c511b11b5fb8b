// The actions that a test may request. The first argument of each is the probe: the extension's context, and a function that sends
// events.

const { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const first = require('./first');

const api = () => vscode.extensions.getExtension('plugin-vault.plugin-vault').activate();
const vault = async ({ context }) => (await api()).open(context);
const secrets = async (probe) => (await vault(probe)).asSecretStorage();
const state = async (probe, context) => (await vault(probe)).asMemento(context);
const storage = (probe, whose) => (whose === 'editor' ? probe.context.secrets : secrets(probe));

const foldersOf = () => (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());

/** Changes the window's folders, of which the first one stays. `onEvent` is called when extensions get the event. */
const openFolders = (uris, onEvent) => {
  const before = foldersOf();
  const changed = uris.findIndex((uri, at) => uri !== before[at]);
  const start = changed < 0 ? uris.length : changed;
  return new Promise((resolve, reject) => {
    const listening = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      // An earlier change may still be told.
      if (foldersOf().join() !== uris.join()) return;
      listening.dispose();
      resolve(onEvent());
    });
    const added = uris.slice(start).map((uri) => ({ uri: vscode.Uri.parse(uri) }));
    if (vscode.workspace.updateWorkspaceFolders(start, before.length - start, ...added)) return;
    listening.dispose();
    reject(new Error('the editor refuses these folders'));
  });
};

let written = 0;

module.exports = {
  ...require('./conformance'),

  window: () => ({
    pid: process.pid,
    node: process.version,
    app: vscode.env.appName,
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString()),
    file: vscode.workspace.workspaceFile?.toString(),
  }),
  signIn: ({ context }, token) => first.signIn(context, token),
  run: (_, command, ...args) => vscode.commands.executeCommand(command, ...args).then(() => null),
  openFolders: (_, uris) => openFolders(uris, () => null),
  /** Calls the vault at once when the event of the folders arrives. */
  openFoldersAndCall: async (probe, uris, method, ...args) => {
    const ours = (await vault(probe)).vault;
    return openFolders(uris, () => ours[method](...args));
  },
  configure: (_, name, value) =>
    vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global),

  // Secrets: the vault's, or the editor's own.
  store: async (probe, whose, key, value) => (await storage(probe, whose)).store(key, value),
  get: async (probe, whose, key) => (await storage(probe, whose)).get(key),
  delete: async (probe, whose, key) => (await storage(probe, whose)).delete(key),
  keys: async (probe) => (await secrets(probe)).keys(),
  listen: async (probe) => {
    (await secrets(probe)).onDidChange(({ key }) => probe.event('secret', key));
    // The watch is active once it is answered, and this later request is answered after it.
    await (await vault(probe)).vault.listPersistentData();
  },
  storeMany: async (probe, count, size, whose = 'vault') => {
    const kept = await storage(probe, whose);
    for (let i = 0; i < count; i += 1) await kept.store(`many ${i}`, String(i).padEnd(size, '.'));
  },
  getMany: async (probe, count, size) => {
    const ours = await secrets(probe);
    let right = 0;
    for (let i = 0; i < count; i += 1) right += (await ours.get(`many ${i}`)) === String(i).padEnd(size, '.');
    return right;
  },
  listenUnlock: async (probe) => void (await vault(probe)).onDidUnlock(() => probe.event('unlocked')),
  clipboard: () => vscode.env.clipboard.readText(),
  type: (_, text) => vscode.window.terminals.at(-1).sendText(text),
  isRemote: async () => vscode.env.remoteName !== undefined,
  move: async (probe, keys) => (await vault(probe)).moveSecrets(keys),
  moveState: async (probe, context, keys) => (await vault(probe)).moveState(context, keys),
  updateEditor: ({ context }, key, value) => context.globalState.update(key, value),
  valueInEditor: ({ context }, key) => context.globalState.get(key, 'nothing'),

  // State.
  update: async (probe, context, key, value) => (await state(probe, context)).update(key, value),
  // JSON has no `undefined`: the word "nothing" stands for it.
  value: async (probe, context, key) => (await state(probe, context)).get(key, 'nothing'),
  forget: async (probe, context, key) => (await state(probe, context)).update(key, undefined),
  aliasing: async (probe) => {
    const ours = await state(probe, 'user');
    const value = { n: 1 };
    const done = ours.update('alias', value);
    value.n = 2;
    const atOnce = ours.get('alias');
    await done;
    ours.get('alias').n = 3;
    return { atOnce, later: ours.get('alias') };
  },
  /** A change is read after its notice. A list request makes sure that earlier notices have arrived. */
  settled: async (probe, context, key) => {
    await (await vault(probe)).vault.listPersistentData();
    return (await state(probe, context)).get(key, 'nothing');
  },
  stateKeys: async (probe, context) => (await state(probe, context)).keys(),
  sync: async (probe, keys) => (await state(probe, 'user')).setKeysForSync(keys),

  // The vault itself.
  call: async (probe, method, ...args) => (await vault(probe)).vault[method](...args),
  open: async ({ context }, options) => {
    const { kept } = await (await api()).open(context, options);
    return kept;
  },

  /** Milliseconds of each call, one after the other. `append` is the time that the disk takes at least for the same data. */
  time: async (probe, what, count, size) => {
    // A new value each time: storing the same value again writes nothing.
    const value = () => `${(written += 1)}`.padEnd(size, 'x');
    const ours = await secrets(probe);
    const memento = await state(probe, 'user');
    const { globalState, secrets: theirs } = probe.context;
    const file = openSync(join(process.env.PROBE_DIR, '..', 'appended'), 'a');
    const calls = {
      'vault.store': (i) => ours.store(`time ${i % 10}`, value()),
      'vault.get': (i) => ours.get(`time ${i % 10}`),
      'secrets.store': (i) => theirs.store(`time ${i % 10}`, value()),
      'secrets.get': (i) => theirs.get(`time ${i % 10}`),
      'memento.update': (i) => memento.update(`time ${i % 10}`, value()),
      'memento.get': (i) => memento.get(`time ${i % 10}`),
      'globalState.update': (i) => globalState.update(`time ${i % 10}`, value()),
      'globalState.get': (i) => globalState.get(`time ${i % 10}`),
      append: () => {
        writeSync(file, value());
        fdatasyncSync(file);
      },
    };
    const times = [];
    for (let i = 0; i < count; i += 1) {
      const start = performance.now();
      await calls[what](i);
      times.push(performance.now() - start);
    }
    closeSync(file);
    return times;
  },

  /** Process ids of the sidecars that this window has started. */
  sidecars: () =>
    readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((pid) => pid && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'plugin-vault')
      .map(Number),
};
