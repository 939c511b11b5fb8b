// A plugin for architect. It provides Cloud9's `Plugin`, with the persistent data of its API.

const { pathToFileURL } = require('node:url');

const { openSidecar, VaultError } = require('plugin-vault');

const { makePlugin } = require('./plugin.js');
const { keyFor, withApiKeys } = require('./keys.js');

/** Where the name of a plugin goes in the option `connect`: a relay is for one plugin. */
const PLUGIN = '${plugin}';

/**
 * Options, all optional: `workspaceDir`, the folder that `"workspace"` means; `binary`, the program's absolute path; `connect`, the
 * socket of a relay, with `${plugin}` for the name of each plugin; `dataDir` and `keyDir`, the folders of the store; `log`, which
 * gets each line of the sidecar's stderr.
 */
function setup(options, imports, register) {
  const { workspaceDir, binary, connect, dataDir, keyDir, log } = options;
  const workspaceFolders = workspaceDir ? [pathToFileURL(workspaceDir).href] : [];
  // One for each socket, or one for the store here.
  const sidecars = new Map();
  // The first plugin with a key starts the sidecar. After a failed start the next call tries again.
  const start = (socket) => {
    if (!sidecars.has(socket)) {
      const sidecar = openSidecar({ binary, connect: socket, dataDir, keyDir, log, workspaceFolders, clientName: 'Cloud9' });
      sidecars.set(socket, sidecar);
      sidecar.catch(() => sidecars.delete(socket));
    }
    return sidecars.get(socket);
  };
  const Plugin = makePlugin(async (apikey) => {
    const key = keyFor(apikey);
    return (await start(socketFor(connect, key))).openVault(key);
  });
  imports.hub.on('service', (name, service) => {
    if (service instanceof Plugin) service.load(name);
  });
  const onDestroy = () =>
    Promise.all([...sidecars.values()].map((sidecar) => sidecar.then((running) => running.close()).catch(() => {})));
  register(null, { Plugin, onDestroy });
}

/** The socket for a key; undefined without the option: then the program reads its variable. */
function socketFor(connect, { plugin }) {
  if (!connect) return undefined;
  if (plugin === undefined) {
    throw new VaultError('notPermitted', 'A relay has a key of its own. Remove `apikey` from the configuration.');
  }
  return connect.replaceAll(PLUGIN, plugin);
}

setup.provides = ['Plugin'];
setup.consumes = ['hub'];

module.exports = setup;
module.exports.withApiKeys = withApiKeys;
