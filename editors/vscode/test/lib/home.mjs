// A separate home for each test: the store, the editor's folders, the workspace. The user's own files are not touched.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Settings that keep the editor from using the network and from showing unrelated things. */
const settings = {
  'workbench.startupEditor': 'none',
  'chat.disableAIFeatures': true,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'window.commandCenter': false,
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.colorTheme': 'Default Light Modern',
  'files.simpleDialog.enable': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'pluginVault.warnInContainers': false,
};

export class Home {
  constructor(more = {}) {
    this.path = mkdtempSync(join(tmpdir(), 'pv-'));
    for (const name of ['home', 'data', 'keys', 'probe', 'user/User', 'user/Machine']) mkdirSync(this.in(name), { recursive: true, mode: 0o700 });
    const all = JSON.stringify({ ...settings, ...more });
    // The places where code-server (user and machine settings) and Theia look for them.
    for (const path of ['user/User', 'user/Machine', 'user']) writeFileSync(this.in(path, 'settings.json'), all);
  }

  in(...names) {
    return join(this.path, ...names);
  }

  /** A workspace folder. */
  folder(name) {
    const path = this.in('work', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A new workspace file with these folders, which need not exist. */
  workspace(uris) {
    const path = this.in(`work-${(this.files = (this.files ?? 0) + 1)}.code-workspace`);
    // Paths, because a URI would refer to the browser's machine.
    writeFileSync(path, JSON.stringify({ folders: uris.map((uri) => ({ path: fileURLToPath(uri) })) }));
    return path;
  }

  get env() {
    const kept = ['PATH', 'LANG', 'LC_ALL', 'PLUGIN_VAULT_BIN'];
    return {
      ...Object.fromEntries(kept.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]])),
      HOME: this.in('home'),
      XDG_CONFIG_HOME: this.in('home/config'),
      XDG_DATA_HOME: this.in('home/share'),
      XDG_STATE_HOME: this.in('home/state'),
      XDG_CACHE_HOME: this.in('home/cache'),
      PLUGIN_VAULT_DATA_DIR: this.in('data'),
      PLUGIN_VAULT_KEY_DIR: this.in('keys'),
      PROBE_DIR: this.in('probe'),
      EXTENSIONS_GALLERY: '{}',
      TZ: 'UTC',
    };
  }

  /** Every file below a folder, as text. */
  async texts(folder) {
    const files = await readdir(this.in(folder), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'latin1') })));
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
