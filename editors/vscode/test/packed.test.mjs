// The extension as `editors/pack` makes it for one system. It needs no other program.

import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';

test('the packed program is found if there is no other', async () => {
  const home = new Home();
  let server, browser;
  try {
    server = await Server.start(home, { env: { PLUGIN_VAULT_BIN: undefined } });
    browser = await Browser.start(home);
    const window = await browser.open(server, home.folder('one'));
    await window.do('signIn', 'hunter2');
    assert.equal(await window.do('get', 'vault', 'token'), 'hunter2');
    const [sidecar] = await window.do('sidecars');
    assert.ok(readlinkSync(`/proc/${sidecar}/exe`).startsWith(process.env.VSCODE_EXTENSIONS));
    await window.do('run', 'pluginVault.privateData.focus');
    await window.page.locator('.pane-body .monaco-list-row', { hasText: 'tests.probe' }).waitFor();
  } finally {
    await browser?.close();
    await server?.kill();
    home.remove();
  }
});
