// architect as the tests' editor: applications with a separate store, and a check that no process is left.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { World as NodeWorld } from '../../node/test/world.mjs';

const require = createRequire(import.meta.url);
const architect = require('architect');
export const { withApiKeys } = require('plugin-vault-cloud9');
const vaultPlugin = require.resolve('plugin-vault-cloud9');

/** A plugin that only provides its API. */
export function holder(provides, extra = {}) {
  const setup = (options, imports, register) => {
    const plugin = new imports.Plugin('Your Name', setup.consumes);
    const api = plugin.setAPIKey(options.apikey);
    plugin.freezePublicAPI({});
    register(null, { [provides]: { plugin, api } });
  };
  setup.consumes = ['Plugin'];
  return { packagePath: provides, provides: [provides], consumes: setup.consumes, setup, ...extra };
}

export class World extends NodeWorld {
  #apps = [];

  /** Starts an application with these plugins, each with its key. */
  async start(plugins, { workspaceFolders = [], binary, connect, ...options } = {}) {
    const { dataDir, keyDir, log } = { ...this.options, ...options };
    const workspaceDir = workspaceFolders[0] && fileURLToPath(workspaceFolders[0]);
    const vault = { packagePath: vaultPlugin, binary, connect, dataDir, keyDir, log, workspaceDir };
    const config = architect.resolveConfig([vault, ...plugins], import.meta.dirname);
    await withApiKeys(config, { connect, dataDir, keyDir, log });
    const app = await new Promise((resolve, reject) => {
      architect.createApp(config, (error, started) => (error ? reject(error) : resolve(started)));
    });
    const running = { app, config };
    this.#apps.push(running);
    return running;
  }

  async stop({ app }) {
    app.destroy();
  }

  /** Ends the sidecar of an application with SIGKILL, once it runs. */
  async kill(running) {
    const others = new Set(this.#apps.filter((app) => app !== running).map((app) => app.pid));
    const [pid] = this.processes().filter((each) => !others.has(each));
    process.kill(pid, 'SIGKILL');
    while (this.processes().includes(pid)) await new Promise((resolve) => setImmediate(resolve));
  }

  async close() {
    for (const running of this.#apps) await this.stop(running);
    // The sidecars end after the applications were destroyed.
    while (this.processes().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await super.close();
  }
}
