// Gives each plugin of a configuration its own API key in its options, as Cloud9's installer did.

const { openSidecar } = require('plugin-vault');

/**
 * Sets `apikey` for each plugin of an architect configuration that has none, and returns the configuration. To be called after
 * `resolveConfig`. plugin-vault keeps the keys: the same plugin gets the same key each time. A plugin is identified by its
 * `name`, else by the services that it provides, which no other plugin has, else by its path.
 *
 * Options: `installation`, the name of this installation of Cloud9, `"cloud9"` by default; and the options of the plugin.
 */
exports.withApiKeys = async function withApiKeys(config, { installation = 'cloud9', ...options } = {}) {
  const { binary, dataDir, keyDir, log } = options;
  const sidecar = await openSidecar({ binary, dataDir, keyDir, log, clientName: 'Cloud9' });
  try {
    for (const plugin of config) {
      if (plugin.apikey || plugin.provides?.includes('Plugin')) continue;
      const name = plugin.name ?? (plugin.provides?.join('+') || plugin.packagePath);
      const { apiKey } = await sidecar.issueAPIKey({ plugin: name, installation });
      // Not enumerable: architect prints all enumerable properties of a plugin that fails.
      Object.defineProperty(plugin, 'apikey', { value: apiKey, enumerable: false, configurable: true, writable: true });
    }
  } finally {
    await sidecar.close();
  }
  return config;
};
