// The extension in the browser's own extension host, a worker in which no process runs. The editor takes an extension there
// that has no other entry, so the manifest's is taken away.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';

const installed = process.env.VSCODE_EXTENSIONS;

/** A folder of extensions: ours, and one that depends on it. */
function extensions(home) {
  const folder = home.in('extensions');
  const [ours] = readdirSync(installed).filter((name) => name.startsWith('plugin-vault'));
  mkdirSync(folder);
  cpSync(`${installed}/${ours}`, `${folder}/${ours}`, { recursive: true });
  const manifest = `${folder}/${ours}/package.json`;
  const { main, extensionKind, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
  assert.ok(main && extensionKind, 'what is taken away was there');
  writeFileSync(manifest, JSON.stringify(rest));
  cpSync(fileURLToPath(new URL('web', import.meta.url)), `${folder}/tests.web-1.0.0`, { recursive: true });
  return folder;
}

test('there is no vault, no view, and another place only for whoever asks for it', async () => {
  const home = new Home();
  let server, browser;
  try {
    server = await Server.start(home, { extensionsDir: extensions(home) });
    browser = await Browser.start(home);
    const page = await browser.page(server, home.folder('one'));
    const told = page.locator('.notification-list-item-message', { hasText: 'Told: ' });
    await told.waitFor();
    assert.deepEqual(JSON.parse((await told.innerText()).replace('Told: ', '')), {
      host: 'worker',
      without: ['VaultError', 'notInTheWeb'],
      kept: 'editor',
      vault: 'none',
      secret: 'hunter2',
      states: ['here', 'there'],
    });
    await page.locator('.activitybar').getByLabel('Plugin Vault').first().waitFor({ state: 'detached' });
  } finally {
    await browser?.close();
    await server?.kill();
    home.remove();
  }
});
