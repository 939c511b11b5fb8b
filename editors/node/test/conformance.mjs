// Runs the conformance suite with this binding, real or fake.

import { test } from 'node:test';

import { keepOutcomes, loadCases, runCase } from '../../conformance/run.mjs';

/** Runs every case as a test. `makeWorld` makes `{open(options), kill(vault), close()}` for each. */
export function runConformance(name, makeWorld) {
  const outcomes = {};
  for (const each of loadCases()) {
    const title = `${each.tier}: ${each.name}`;
    test(title, { timeout: 60_000 }, async () => {
      outcomes[title] = 'failed';
      const world = makeWorld();
      try {
        outcomes[title] = await runCase(each, { name, offers: () => true, open: (key, window) => open(world, key, window) });
      } finally {
        await world.close();
      }
    });
  }
  test.after(() => keepOutcomes(name, outcomes));
}

async function open(world, key, { folders, notice, passphrase }) {
  if (passphrase !== undefined) await world.guard(passphrase);
  const vault = await world.open({ ...key, workspaceFolders: folders });
  // Where processes share no keyring, each has to be unlocked for itself.
  if (passphrase !== undefined && !(await vault.sidecar.status()).locked) await vault.sidecar.unlock({ passphrase });
  let watch;
  const methods = {
    'vault/status': () => vault.sidecar.status(),
    'vault/lock': async () => ({ locked: await vault.sidecar.lock() }),
    'vault/unlock': async (options) => ({ keyAvailable: await vault.sidecar.unlock(options) }),
    watchPersistentData: async (options) => {
      watch = await vault.watchPersistentData(notice, options);
      return { watching: true, revision: watch.revision };
    },
    unwatchPersistentData: async () => {
      await watch.close();
      return { watching: false, revision: watch.revision };
    },
  };
  for (const [method, leading] of Object.entries(LEADING)) {
    methods[method] = (params) => {
      const { signal, ...options } = params;
      const first = leading.map((name) => take(options, name));
      return vault[method](...first, { ...options, signal });
    };
  }
  return {
    call: async (method, params, signal) => methods[method]({ ...params, signal }),
    tokens: (options) => vault.tokens(options),
    folders: (uris) => vault.sidecar.setWorkspaceFolders(uris),
    kill: () => world.kill(vault),
    close: () => vault.close(),
  };
}

function take(options, name) {
  const value = options[name];
  delete options[name];
  return value;
}

/** The parameters before the options. */
export const LEADING = {
  setPersistentData: ['context', 'data'],
  getPersistentData: ['context'],
  getPersistentRecord: ['context'],
  patchPersistentData: ['context', 'patch'],
  deletePersistentData: ['context'],
  listPersistentData: [],
  movePersistentData: ['from', 'to'],
  acquireLease: ['name', 'ttlMs'],
  renewLease: ['name', 'lease'],
  releaseLease: ['name', 'lease'],
  shareAPIKey: [],
  listAPIKeys: [],
  rotateAPIKey: [],
  revokeAPIKey: [],
};
