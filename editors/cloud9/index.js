// A plugin for architect that provides Cloud9's `Plugin`, with the persistent data that its API has.

const { pathToFileURL } = require('node:url');

const { openSidecar } = require('plugin-vault');

const { makePlugin } = require('./plugin.js');
const { withApiKeys } = require('./keys.js');

/**
 * Options, all optional: `workspaceDir`, the folder that `"workspace"` means; `binary`, the program's path; `dataDir` and
 * `keyDir`, where the store lies; `log`, which takes the vault's lines of stderr.
 */
function setup(options, imports, register) {
  const { workspaceDir, binary, dataDir, keyDir, log } = options;
  const workspaceFolders = workspaceDir ? [pathToFileURL(workspaceDir).href] : [];
  let sidecar;
  // Started by the first plugin that has a key. One that can't be started is tried again by the next call.
  const start = () =>
    (sidecar ??= openSidecar({ binary, dataDir, keyDir, log, workspaceFolders, clientName: 'Cloud9' }).catch((error) => {
      sidecar = undefined;
      throw error;
    }));
  const Plugin = makePlugin(async (apiKey) => (await start()).openVault({ apiKey }));
  imports.hub.on('service', (name, service) => {
    if (service instanceof Plugin) service.load(name);
  });
  const onDestroy = () => sidecar?.then((running) => running.close()).catch(() => {});
  register(null, { Plugin, onDestroy });
}
setup.provides = ['Plugin'];
setup.consumes = ['hub'];

module.exports = setup;
module.exports.withApiKeys = withApiKeys;
