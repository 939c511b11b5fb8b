// The extension in the browser's own extension host, a worker in which no process can run. The editor runs an extension there only
// if it has no other entry point, so the test removes that one from the manifest.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';

const installed = process.env.VSCODE_EXTENSIONS;

/** Makes a folder of extensions: Plugin Vault, and one that depends on it. */
function extensions(home) {
  const folder = home.in('extensions');
  const [ours] = readdirSync(installed).filter((name) => name.startsWith('plugin-vault'));
  mkdirSync(folder);
  cpSync(`${installed}/${ours}`, `${folder}/${ours}`, { recursive: true });
  const manifest = `${folder}/${ours}/package.json`;
  const { main, extensionKind, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
  assert.ok(main && extensionKind, 'the manifest has the entry point that is removed');
  writeFileSync(manifest, JSON.stringify(rest));
  cpSync(fileURLToPath(new URL('web', import.meta.url)), `${folder}/tests.web-1.0.0`, { recursive: true });
  return folder;
}

test('in the web there is no vault and no view, and the editor’s storage only with a fallback', async () => {
  const home = new Home();
  let server, browser;
  try {
    server = await Server.start(home, { extensionsDir: extensions(home) });
    browser = await Browser.start(home);
    const page = await browser.page(server, home.folder('one'));
    const report = page.locator('.notification-list-item-message', { hasText: 'Report: ' });
    await report.waitFor();
    assert.deepEqual(JSON.parse((await report.innerText()).replace('Report: ', '')), {
      host: 'worker',
      without: ['VaultError', 'notInTheWeb'],
      kept: 'editor',
      vault: 'notInTheWeb',
      keys: ['token'],
      moved: { moved: [], copied: [], differing: [] },
      secret: 'hunter2',
      states: ['here', 'there'],
    });
    assert.equal(await page.locator('.activitybar').getByLabel('Plugin Vault').count(), 0);
  } finally {
    await browser?.close();
    await server?.kill();
    home.remove();
  }
});
