// What Cloud9's installer did: each plugin of a configuration gets its own API key in its options.

const { openSidecar } = require('plugin-vault');

/**
 * Fills `apikey` for each plugin of an architect configuration that has none, and gives the configuration. To be called
 * behind `resolveConfig`. The vault keeps the keys: the same plugin gets the same one each time. A plugin is known by its
 * `name`, else by the services that it provides, which no other has, else by its path.
 *
 * Options: `installation`, which one of several on this machine it is, `"cloud9"` by default; and those of the plugin.
 */
exports.withApiKeys = async function withApiKeys(config, { installation = 'cloud9', ...options } = {}) {
  const { binary, dataDir, keyDir, log } = options;
  const sidecar = await openSidecar({ binary, dataDir, keyDir, log, clientName: 'Cloud9' });
  try {
    for (const plugin of config) {
      if (plugin.apikey || plugin.provides?.includes('Plugin')) continue;
      const name = plugin.name ?? (plugin.provides?.join('+') || plugin.packagePath);
      const { apiKey } = await sidecar.issueAPIKey({ plugin: name, installation });
      // architect puts a plugin that fails, with all that can be listed of it, into its errors.
      Object.defineProperty(plugin, 'apikey', { value: apiKey, enumerable: false, configurable: true, writable: true });
    }
  } finally {
    await sidecar.close();
  }
  return config;
};
