// A plugin for architect. It provides Cloud9's `Plugin`, with the persistent data of its API.

const { pathToFileURL } = require('node:url');

const { openSidecar } = require('plugin-vault');

const { makePlugin } = require('./plugin.js');
const { withApiKeys } = require('./keys.js');

/**
 * Options, all optional: `workspaceDir`, the folder that `"workspace"` means; `binary`, the program's absolute path; `dataDir`
 * and `keyDir`, the folders of the store; `log`, which gets each line of the sidecar's stderr.
 */
function setup(options, imports, register) {
  const { workspaceDir, binary, dataDir, keyDir, log } = options;
  const workspaceFolders = workspaceDir ? [pathToFileURL(workspaceDir).href] : [];
  let sidecar;
  // The first plugin with a key starts the sidecar. After a failed start the next call tries again.
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
