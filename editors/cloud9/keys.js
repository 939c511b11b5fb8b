// Gives each plugin of a configuration its own API key in its options, as Cloud9's installer did.

const { openSidecar } = require('plugin-vault');

/**
 * Sets `apikey` for each plugin of an architect configuration that has none, and returns the configuration. To be called after
 * `resolveConfig`. plugin-vault keeps the keys: the same plugin gets the same key each time. A plugin is identified by its
 * `name`, else by the services that it provides, which no other plugin has, else by its path.
 *
 * A relay keeps the key of its plugin to itself: with a relay `apikey` is an object that stands for that key.
 *
 * Options: `installation`, the name of this installation of Cloud9, `"cloud9"` by default; and the options of the plugin.
 */
exports.withApiKeys = async function withApiKeys(config, { installation = 'cloud9', ...options } = {}) {
  const { binary, connect, dataDir, keyDir, log } = options;
  const sidecar = connect ? undefined : await openSidecar({ binary, dataDir, keyDir, log, clientName: 'Cloud9' });
  try {
    // The variable can name a relay too.
    const hasRelay = sidecar === undefined || (await sidecar.status()).relay === true;
    for (const entry of config) {
      if (entry.apikey || entry.provides?.includes('Plugin')) continue;
      const plugin = entry.name ?? (entry.provides?.join('+') || entry.packagePath);
      const key = { plugin, installation };
      const value = hasRelay ? standIn(key) : (await sidecar.issueAPIKey(key)).apiKey;
      // Not enumerable: architect prints all enumerable properties of a plugin that fails.
      Object.defineProperty(entry, 'apikey', { value, enumerable: false, configurable: true, writable: true });
    }
  } finally {
    await sidecar?.close();
  }
  return config;
};

/** What was given in place of keys. An object that a plugin makes is not among them, so it gives no access to another plugin. */
const standIns = new WeakMap();

function standIn(key) {
  const object = Object.freeze({});
  standIns.set(object, key);
  return object;
}

/** What `openVault` needs for the `apikey` of a plugin. */
exports.keyFor = (apikey) => standIns.get(apikey) ?? { apiKey: apikey };
