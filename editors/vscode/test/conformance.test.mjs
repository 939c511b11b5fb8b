// The conformance suite with the exported API, in real windows. A case's windows are used again for the next cases, unless the case
// closes one of them.

import { after, before, test } from 'node:test';

import { keepOutcomes, loadCases, runCase } from '../../conformance/run.mjs';
import { LEADING } from '../../node/test/conformance.mjs';
import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';
import { gone } from './lib/processes.mjs';

let home, server, browser;
/** Open windows without a case, by the number of their folders. */
const idle = new Map([0, 1, 2].map((count) => [count, []]));
const outcomes = {};
let last = 0;

before(async () => {
  home = new Home();
  server = await Server.start(home);
  browser = await Browser.start(home);
});
after(async () => {
  keepOutcomes('editors/vscode', outcomes);
  await browser?.close();
  await server?.kill();
  home?.remove();
});

for (const each of loadCases()) {
  const title = `${each.tier}: ${each.name}`;
  test(title, { timeout: 300_000 }, async () => {
    outcomes[title] = 'failed';
    outcomes[title] = await runCase(each, { offers, open: (key, window) => open(each, key, window) });
  });
}

/**
 * Whether the binding supports a step. The editor itself is the installation, so there is no other one; and all windows share the
 * editor's store. A refresh function can't be passed from this process into the editor; it is a function of the same Node binding.
 */
const offers = (step) =>
  step.as !== 'another installation' && step.passphrase === undefined && !step.call?.startsWith('tokens.');

async function open(each, key, { folders, notice }) {
  const count = folders.length;
  const window = idle.get(count).pop() ?? (await browser.open(server, count ? home.workspace(folders) : undefined));
  const { folders: shown } = await window.do('window');
  // At its first load a window may have no folders; see `openFolders`.
  if (shown.join() !== folders.join()) await window.openFolders(folders);
  const id = (last += 1);
  window.probe.onNotice = (of, change) => of === id && notice(change);
  const { plugin = `conformance.own${id}`, installation: _, ...own } = key;
  await window.do('begin', id, plugin, own).catch((error) => {
    idle.get(count).push(window);
    throw error;
  });
  const ends = () => each.steps.some((step) => step.close) || window.kills > 3;
  const methods = {
    'vault/status': () => window.do('status', id),
    watchPersistentData: (options) => window.do('watch', id, options),
    unwatchPersistentData: () => window.do('unwatch', id),
  };
  let closing;
  const close = async () => {
    if (!ends()) {
      await window.do('endCase', id);
      idle.get((await window.do('window')).folders.length).push(window);
      return;
    }
    const { pid } = await window.do('window');
    const sidecars = await window.do('sidecars');
    await window.page.close();
    for (const process of [pid, ...sidecars]) await gone(process);
  };
  return {
    call: async (method, { ...options }, signal) => {
      if (methods[method]) return methods[method](options);
      const args = LEADING[method].map((name) => {
        const value = options[name];
        delete options[name];
        return value;
      });
      const token = (last += 1);
      signal.addEventListener('abort', () => void window.do('cancel', token));
      const spoil = each.steps.some((step) => step.spoil && step.call === method);
      return window.do('invoke', id, method, [...args, options], { token, spoil });
    },
    folders: async (uris) => {
      await window.openFolders(uris);
      // The window may have another extension host now.
      await window.do('begin', id, plugin, own);
    },
    kill: async () => {
      // A sidecar that ends five times within a minute is not started again.
      window.kills = (window.kills ?? 0) + 1;
      for (const pid of await window.do('sidecars')) {
        process.kill(pid, 'SIGKILL');
        await gone(pid);
      }
    },
    close: () => (closing ??= close()),
  };
}
