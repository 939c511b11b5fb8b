// The extension as `editors/pack` makes it for one system, and the example, which is bundled and has a program of its own. They need no
// other program. The editor runs in what looks like a container.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';
import { runExample, Service } from './lib/service.mjs';

const unpacked = process.env.VSCODE_EXTENSIONS;
const example = join(unpacked, readdirSync(unpacked).find((name) => name.startsWith('tests.example')));

let home, service, server, browser, window;
before(async () => {
  home = new Home({ 'pluginVault.warnInContainers': true });
  service = await Service.start();
  const env = { PLUGIN_VAULT_BIN: undefined, EXAMPLE_SERVER: service.url, container: 'docker' };
  server = await Server.start(home, { env });
  browser = await Browser.start(home);
  window = await browser.open(server, home.folder('one'));
});
after(async () => {
  await browser?.close();
  await server?.kill();
  await service?.stop();
  home?.remove();
});

const programs = async () => (await window.do('sidecars')).map((pid) => readlinkSync(`/proc/${pid}/exe`));

test('the example keeps a login, with the program in its package and without another extension', async () => {
  const manifest = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8'));
  assert.deepEqual([manifest.extensionDependencies, manifest.dependencies], [undefined, undefined]);
  const required = [...readFileSync(join(example, 'dist/extension.js'), 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)];
  const others = required.map(([, name]) => name).filter((name) => name !== 'vscode' && !builtinModules.includes(name.replace('node:', '')));
  assert.deepEqual(others, []);
  const lines = ['extension.js', 'uninstall.js'].map((name) => readFileSync(new URL(`../example/${name}`, import.meta.url), 'utf8'));
  assert.ok(lines.join('').split('\n').length - 1 <= 45);

  await runExample(window, service, async (text) => {
    const message = window.page.locator('.notification-list-item', { hasText: text });
    await message.waitFor();
    // Not all messages: one of them is the warning of the next test.
    await message.hover();
    await message.locator('.codicon-notifications-clear').click();
    await message.waitFor({ state: 'detached' });
  });
  assert.ok((await programs()).includes(join(example, 'bin/plugin-vault')));
  const list = () => execFileSync(process.env.PLUGIN_VAULT_BIN, ['key', 'list', '--json'], { env: home.env, encoding: 'utf8' });
  const [{ installation }] = JSON.parse(list()).filter(({ plugin }) => plugin === 'tests.example');
  execFileSync(process.execPath, [join(example, 'dist/uninstall.js'), installation], { env: { ...home.env, PLUGIN_VAULT_BIN: '' } });
  // The window still runs, and has another key by now. The data is gone.
  assert.equal(JSON.parse(list()).filter(({ plugin }) => plugin === 'tests.example').reduce((sum, { records }) => sum + records, 0), 0);
});

test('the packed program is found if there is no other, and the user gets a warning that a rebuild deletes the store', async () => {
  await window.do('signIn', 'hunter2');
  assert.equal(await window.do('get', 'vault', 'token'), 'hunter2');
  const [ours] = readdirSync(unpacked).filter((name) => name.startsWith('plugin-vault'));
  assert.ok((await programs()).includes(join(unpacked, ours, 'bin/plugin-vault')));
  const warning = window.page.locator('.notification-list-item', { hasText: 'a rebuild deletes it' });
  await warning.waitFor();
  await warning.getByText('Don’t Show Again').click();
  await warning.waitFor({ state: 'detached' });
  // Nothing moves into this store.
  await window.do('store', 'editor', 'old', 'theirs');
  await assert.rejects(window.do('move', ['old']), { kind: 'notDurable' });
  assert.equal(await window.do('get', 'editor', 'old'), 'theirs');
});
