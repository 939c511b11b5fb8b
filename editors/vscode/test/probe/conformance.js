// Calls the exported API for the conformance suite: any number of extensions in one window, each with its vault.

const vscode = require('vscode');

const opened = new Map();
const begun = new Map();

module.exports = {
  /** Opens the vault of an extension of this name. */
  begin: async (probe, id, plugin, options) => {
    const api = await vscode.extensions.getExtension('plugin-vault.plugin-vault').activate();
    const caller = { ...probe.context, extension: { id: plugin }, subscriptions: probe.context.subscriptions };
    const { vault } = await api.open(caller, options);
    opened.set(id, { vault });
  },
  /** Calls a method by its name. `spoil` changes the passed object after the call, as a careless caller does. */
  invoke: async (probe, id, method, args, { token, spoil }) => {
    const { vault } = opened.get(id);
    const abort = new AbortController();
    begun.set(token, abort);
    const answer = vault[method](...args.slice(0, -1), { ...args.at(-1), signal: abort.signal });
    if (spoil) for (const member of Object.keys(args[1])) args[1][member] = 'spoilt';
    return answer.finally(() => begun.delete(token));
  },
  cancel: (probe, token) => begun.get(token)?.abort(),
  status: (probe, id) => opened.get(id).vault.sidecar.status(),
  watch: async (probe, id, options) => {
    const each = opened.get(id);
    each.watch = await each.vault.watchPersistentData((change) => probe.event('notice', id, change), options);
    return { watching: true, revision: each.watch.revision };
  },
  unwatch: async (probe, id) => {
    const { watch } = opened.get(id);
    await watch.close();
    return { watching: false, revision: watch.revision };
  },
  /** Ends a case in a window that stays open for the next case. */
  endCase: async (probe, id) => {
    await opened.get(id)?.watch?.close();
    opened.delete(id);
  },
};
