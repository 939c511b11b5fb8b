// The user interface: the view, each command, the walkthrough. With UPDATE=1 the tests also take the README's pictures.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, it } from 'node:test';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';

const pictures = fileURLToPath(new URL('../media/readme', import.meta.url));

/** Fills a store with the data of a few extensions. */
function fill(home) {
  const run = (args, input) =>
    execFileSync(process.env.PLUGIN_VAULT_BIN, args, { env: home.env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  const line = (method, params) => `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`;
  const plugins = [
    ['acme.review', 'code-oss', [['user', undefined, 'secret:account'], ['user', undefined, 'state:lastSeen']]],
    ['acme.review', 'nvim', [['user', undefined, 'token']]],
    ['example.deploy', 'code-oss', [['workspace', 'file:///home/me/shop', 'target'], ['workspace', 'file:///home/me/blog', 'target']]],
  ];
  for (const [plugin, installation, records] of plugins) {
    const expiry = installation === 'nvim' ? ['--expires-at', '2030-01-01T00:00:00Z'] : [];
    const { apiKey } = JSON.parse(run(['key', 'issue', plugin, '--installation', installation, '--json', ...expiry]));
    const lines = records.map(([context, workspaceFolder, name]) =>
      line('setPersistentData', { context, workspaceFolder, name, data: { value: 'hunter2 '.repeat(20) } }),
    );
    run([], line('setAPIKey', [apiKey]) + lines.join(''));
  }
  return run;
}

let home, run, server, browser, window, page;
before(async () => {
  home = new Home({ 'workbench.welcomePage.walkthroughs.openOnInstall': true });
  run = fill(home);
  server = await Server.start(home);
  browser = await Browser.start(home);
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  window = await browser.open(server, home.folder('shop'));
  page = window.page;
});
after(async () => {
  await browser?.close();
  await server?.kill();
  home?.remove();
});

const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text });
const icon = () => page.locator('.activitybar').getByLabel('Plugin Vault');
const dialog = () => page.locator('.monaco-dialog-box');
const button = (name) => dialog().getByRole('button', { name, exact: true });
const keys = () => JSON.parse(run(['key', 'list', '--json']));
const seesMessage = async (text) => {
  await page.locator('.notification-list-item-message', { hasText: text }).waitFor();
  await window.do('run', 'notifications.clearAll');
};
const press = async (text, action) => {
  await row(text).first().hover();
  await row(text).first().locator(`.action-label[aria-label^="${action}"]`).click();
};
/**
 * Presses an action that asks the user. The view draws its rows anew when something has changed; a press in that moment does
 * nothing, or is one without a row, and the command lets the user pick one.
 */
const pressAndBeAsked = async (text, action) => {
  for (let presses = 1; ; presses += 1) {
    await press(text, action);
    try {
      return await dialog().waitFor({ timeout: 10_000 });
    } catch (error) {
      if (presses === 4) throw error;
      await page.keyboard.press('Escape');
    }
  }
};
/** Checks the question, and that Enter destroys nothing. */
const isAsked = async (question) => {
  await dialog().waitFor();
  assert.match(await dialog().innerText(), question);
  await page.waitForFunction(() => document.activeElement?.textContent.includes('Back Up First'));
};
/** Fills in the path of a file. The dialog fills in its proposal late, which would replace typed text. */
const fillPath = async (file, proposal) => {
  const input = page.locator('.quick-input-widget input.input');
  await page.waitForFunction(([box, end]) => box.value.endsWith(end), [await input.elementHandle(), proposal]);
  await input.fill(file);
  await page.keyboard.press('Enter');
};
/** Fills in a box once it asks this: until then the box before it may still be there. */
const fillBox = async (question, text) => {
  await page.locator('.quick-input-widget', { hasText: question }).waitFor();
  const input = page.locator('.quick-input-widget input[type="password"]');
  await input.fill(text);
  await page.keyboard.press('Enter');
};

/** Takes a picture for the README, light and dark, of a part of the page. */
async function takePicture(name, part) {
  if (!process.env.UPDATE) return;
  mkdirSync(pictures, { recursive: true });
  for (const theme of ['Dark', 'Light']) {
    await window.do('configure', 'workbench.colorTheme', `Default ${theme} Modern`);
    await page.locator(`.monaco-workbench.vs${theme === 'Dark' ? '-dark' : ''}`).first().waitFor();
    await page.mouse.move(700, 10);
    const { x, y, width, height } = await part.boundingBox();
    const picture = await browser.picture(page, { x, y, width, height: Math.min(height, 340) });
    writeFileSync(`${pictures}/${name}-${theme.toLowerCase()}.png`, picture);
  }
}

it('shows no icon and no walkthrough until the user opens the view, and keeps the icon', async () => {
  await window.do('store', 'vault', 'token', 'mine');
  assert.equal(await icon().count(), 0);
  assert.equal(await page.getByText('Get Started with Plugin Vault').count(), 0);
  await window.command('Plugin Vault: Show Private Data');
  await row('Protection').waitFor();
  await icon().first().waitFor();
  await window.command('Plugin Vault: Open the Walkthrough');
  for (const step of ['What Plugin Vault stores', 'See what is stored', 'Choose what protects it', 'Take a backup']) {
    await page.getByText(step).first().waitFor();
  }
  await page.close();
  window = await browser.open(server, home.folder('blog'));
  page = window.page;
  await icon().first().click();
  await row('Protection').waitFor();
});

it('shows plugins, installations, folders and names in plain words, and never a value or a key', async () => {
  for (const text of ['tests.probe', 'acme.review', 'example.deploy']) await row(text).first().waitFor();
  await row('Protection').click();
  await row('A stolen disk').waitFor();
  assert.match(await row('A stolen disk').innerText(), /not protected: add a passphrase/);
  assert.match(await row('acme.review').innerText(), /no longer installed/);
  assert.doesNotMatch(await row('tests.probe').innerText(), /no longer installed/);
  await row('acme.review').click();
  await row('Neovim').waitFor();
  assert.match(await row('Neovim').innerText(), /1 record · .* · expires 2030-01-01/);
  assert.match(await row('Code - OSS').innerText(), /this editor · 2 records/);
  await row('Code - OSS').click();
  await row('In all folders').click();
  await row('account').waitFor();
  assert.match(await row('account').innerText(), /secret · .* · (just now|\d+ minutes? ago)/);
  assert.match(await row('lastSeen').innerText(), /state/);
  if (process.env.UPDATE) {
    // Wide enough for the descriptions.
    const { x, width } = await page.locator('.part.sidebar').boundingBox();
    await page.mouse.move(x + width, 400);
    await page.mouse.down();
    await page.mouse.move(x + 460, 400, { steps: 5 });
    await page.mouse.up();
  }
  await takePicture('view', page.locator('.part.sidebar'));
  await row('example.deploy').click();
  await row('Code - OSS').nth(1).click();
  await row('shop').last().click();
  await row('target').waitFor();
  const text = await page.locator('body').innerText();
  assert.ok(!text.includes('hunter2'));
  assert.doesNotMatch(text, /\b[0-9a-f]{40}\b/);
});

it('updates when the store changes, and the terminal has the program', async () => {
  await window.command('Plugin Vault: Open a Terminal with plugin-vault');
  await page.locator('.terminal-tabs-entry, .terminal-wrapper').first().waitFor();
  await window.do('type', 'plugin-vault key issue late.comer --installation x');
  await row('late.comer').waitFor();
  await window.do('run', 'workbench.action.terminal.killAll');
});

it('copies a value after a question', async () => {
  await press('account', 'Copy Value');
  await dialog().waitFor();
  assert.match(await dialog().innerText(), /Copy the value of the secret “account” of acme.review\?/);
  await button('Copy Value').click();
  await seesMessage('The value is in the clipboard.');
  assert.match(await window.do('clipboard'), /^\{"value":"(hunter2 )+"\}$/);
});

const file = () => home.in('home/backup.tar');

it('backs up, also over an older backup', async () => {
  for (const old of [false, true]) {
    if (old) writeFileSync(file(), 'old');
    await window.command('Plugin Vault: Back Up…');
    await fillPath(file(), '.tar');
    if (old) {
      await page.getByText('Are you sure you want to overwrite it?').waitFor();
      await page.keyboard.press('Enter');
    }
    await seesMessage(`Backed up to ${file()}`);
  }
});

it('deletes a record, revokes a key and forgets a plugin after the user confirms; Enter loses nothing', async () => {
  await pressAndBeAsked('lastSeen', 'Delete the Record');
  await isAsked(/Delete the state “lastSeen” of acme.review\?[^]*in every window: \d+ B/);
  await button('Delete').click();
  await seesMessage('Deleted: the state “lastSeen” of acme.review.');
  await row('lastSeen').waitFor({ state: 'detached' });

  const ofNeovim = () => keys().filter(({ installation }) => installation === 'nvim').length;
  await pressAndBeAsked('Neovim', 'Revoke');
  await isAsked(/Revoke the key of acme.review, Neovim\?[^]*1 record/);
  await button('Cancel').click();
  assert.equal(ofNeovim(), 1);
  await pressAndBeAsked('Neovim', 'Revoke');
  await button('Revoke').click();
  await seesMessage('The key was revoked, and its data destroyed.');
  await row('Neovim').waitFor({ state: 'detached' });
  assert.equal(ofNeovim(), 0);

  await window.command('Plugin Vault: Forget a Plugin…');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'example.deploy' }).click();
  await isAsked(/Forget example.deploy\?[^]*\(Code - OSS\): 2 records/);
  await takePicture('forget', dialog());
  await button('Forget').click();
  await seesMessage('Forgotten: example.deploy, 1 installation.');
  await row('example.deploy').waitFor({ state: 'detached' });
  const left = new Set(keys().map(({ plugin }) => plugin));
  assert.ok(left.has('acme.review') && !left.has('example.deploy'));
});

it('restores a backup after the user confirms', async () => {
  await window.command('Plugin Vault: Restore…');
  await fillPath(file(), '/home/');
  await isAsked(/Replace the store by .*backup\.tar\?[^]*since that backup is gone[^]*\d+ records? now/);
  await button('Restore').click();
  await seesMessage(`Restored from ${file()}`);
  await row('example.deploy').waitFor();
  assert.ok(keys().some(({ plugin }) => plugin === 'example.deploy'));
});

it('adds a passphrase from the view, locks, and asks again after a wrong passphrase', async () => {
  // A write goes to the restored store in any case, so the window has its key before only a passphrase opens it.
  await window.do('store', 'vault', 'token', 'mine');
  await row('A stolen disk').click();
  await fillBox('A new passphrase', 'correct horse');
  await fillBox('The same passphrase again', 'correct horse');
  await dialog().waitFor();
  await button('Remove the Key File').click();
  await seesMessage('The store is opened by a passphrase.');
  await row('A stolen disk').filter({ hasText: /^A stolen disk\s*protected/ }).waitFor();

  await window.do('listenUnlock');
  await window.command('Plugin Vault: Lock');
  await row('Unlock…').waitFor();
  await row('acme.review').first().waitFor({ state: 'detached' });
  await assert.rejects(window.do('get', 'vault', 'token'), { kind: 'keyUnavailable' });
  await row('Unlock…').click();
  await fillBox("The store's passphrase", 'wrong horse');
  await page.getByText('That passphrase does not open the store.').waitFor();
  await takePicture('unlock', page.locator('.quick-input-widget'));
  await fillBox('That passphrase does not open the store.', 'correct horse');
  await row('acme.review').first().waitFor();
  assert.deepEqual(await window.event(), ['unlocked']);
  assert.equal(await window.do('get', 'vault', 'token'), 'mine');
});

it('says what to do when there is no program', async () => {
  await window.do('configure', 'pluginVault.path', '/nowhere/plugin-vault');
  await window.command('Plugin Vault: Refresh');
  await window.command('Plugin Vault: Forget a Plugin…');
  await seesMessage('/nowhere/plugin-vault, which the setting pluginVault.path names, does not exist.');
  await row('/nowhere/plugin-vault').waitFor();
});
