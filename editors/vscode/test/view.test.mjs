// The user interface: the view, each command, the walkthrough, the warnings. With UPDATE=1 the tests also take the README's
// pictures.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

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

/** Takes a picture for the README. It is small, since it is part of the repository. */
async function takePicture(page, name) {
  if (!process.env.UPDATE) return;
  mkdirSync(pictures, { recursive: true });
  await page.mouse.move(700, 10);
  await page.screenshot({ path: `${pictures}/${name}.png`, scale: 'css', animations: 'disabled' });
}

describe('the view', () => {
  let home, run, server, browser, window, page;
  before(async () => {
    home = new Home({ 'workbench.welcomePage.walkthroughs.openOnInstall': true });
    run = fill(home);
    server = await Server.start(home);
    browser = await Browser.start(home);
    const notes = join(home.folder('shop'), 'notes.txt');
    writeFileSync(notes, '');
    window = await browser.open(server, home.folder('shop'), { file: notes });
    page = window.page;
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    home?.remove();
  });

  const picture = (name) => takePicture(page, name);
  const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text });
  const keys = () => JSON.parse(run(['key', 'list', '--json']));
  const seesMessage = async (text) => {
    await page.locator('.notification-list-item-message', { hasText: text }).waitFor();
    await window.do('run', 'notifications.clearAll');
  };

  it('the walkthrough opens at the first start only, behind the file in use', async () => {
    await page.getByRole('tab', { name: 'Welcome' }).waitFor();
    await page.keyboard.type('mine');
    await page.locator('.view-line', { hasText: 'mine' }).waitFor();
    await page.getByRole('tab', { name: 'Welcome' }).click();
    await window.do('run', 'workbench.action.closeOtherEditors');
    await page.getByRole('tab', { name: 'notes.txt' }).waitFor({ state: 'detached' });
    await page.getByText('Get Started with Plugin Vault').first().waitFor();
    for (const step of ['What Plugin Vault stores', 'See what is stored', 'Choose what protects it', 'Take a backup']) {
      await page.getByText(step).first().waitFor();
    }
    await picture('walkthrough');
    await page.close();
    window = await browser.open(server, home.folder('blog'));
    page = window.page;
    await window.command('Plugin Vault: Focus on Private Data View');
    await row('Protection').waitFor();
    assert.equal(await page.getByText('Get Started with Plugin Vault').count(), 0);
    await window.command('Plugin Vault: Open the Walkthrough');
    await page.getByText('Get Started with Plugin Vault').first().waitFor();
    await window.do('run', 'workbench.action.closeAllEditors');
  });

  it('shows plugins, installations, folders and names, and never a value or a key', async () => {
    await window.command('Plugin Vault: Focus on Private Data View');
    for (const text of ['Protection', 'acme.review', 'example.deploy']) await row(text).first().waitFor();
    await row('Protection').click();
    await row('A stolen disk').waitFor();
    await row('acme.review').first().click();
    await row('nvim').waitFor();
    assert.match(await row('nvim').innerText(), /1 record · .* · expires 2030-01-01 00:00/);
    await row('code-oss').first().click();
    await row(/^User/).click();
    await row('secret:account').waitFor();
    await row('example.deploy').first().click();
    await row('code-oss').nth(1).click();
    await row('shop').last().click();
    await row('target').waitFor();
    assert.match(await row('A stolen disk').innerText(), /not protected/);
    await picture('view');
    const text = await page.locator('body').innerText();
    assert.ok(!text.includes('hunter2'));
    assert.doesNotMatch(text, /\b[0-9a-f]{40}\b/);
  });

  it('updates when the store changes', async () => {
    run(['key', 'issue', 'late.comer', '--installation', 'x']);
    await row('late.comer').waitFor();
  });

  it('revokes a key after the user confirms', async () => {
    await row('nvim').hover();
    await row('nvim').locator('.action-label[aria-label^="Revoke"]').click();
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /Revoke the key of acme.review, nvim\?[^]*1 record/);
    await picture('revoke');
    await dialog.getByText('Cancel').click();
    assert.equal(keys().filter(({ installation }) => installation === 'nvim').length, 1);
    await row('nvim').hover();
    await row('nvim').locator('.action-label[aria-label^="Revoke"]').click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await seesMessage('The key was revoked, and its data destroyed.');
    await row('nvim').waitFor({ state: 'detached' });
    assert.equal(keys().filter(({ installation }) => installation === 'nvim').length, 0);
  });

  it('forgets a plugin from the command palette', async () => {
    await window.command('Plugin Vault: Forget a Plugin…');
    const choice = page.locator('.quick-input-list .monaco-list-row', { hasText: 'late.comer' });
    await choice.waitFor();
    await choice.click();
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /Forget late.comer\?[^]*in all its installations/);
    await picture('forget');
    await dialog.getByRole('button', { name: 'Forget' }).click();
    await seesMessage('Forgotten: late.comer, 1 installation.');
    await row('late.comer').waitFor({ state: 'detached' });
    const left = new Set(keys().map(({ plugin }) => plugin));
    assert.ok(left.has('acme.review') && left.has('example.deploy') && !left.has('late.comer'));
  });

  it('backs up, also over an older backup', async () => {
    const file = home.in('home/backup.tar');
    for (const old of [false, true]) {
      if (old) writeFileSync(file, 'old');
      await window.command('Plugin Vault: Back Up…');
      const input = page.locator('.quick-input-widget input.input');
      // The dialog fills in its proposal late, which would replace typed text.
      await page.waitForFunction((box) => box.value.endsWith('.tar'), await input.elementHandle());
      if (!old) await picture('back-up');
      await input.fill(file);
      await page.keyboard.press('Enter');
      if (old) {
        await page.getByText('Are you sure you want to overwrite it?').waitFor();
        await page.keyboard.press('Enter');
      }
      await seesMessage(`Backed up to ${file}`);
    }
    const restored = new Home();
    try {
      // Uses the keys of the original store: without them nothing opens the copy, and restore fails with that message.
      const env = { ...restored.env, PLUGIN_VAULT_KEY_DIR: home.in('keys') };
      execFileSync(process.env.PLUGIN_VAULT_BIN, ['restore', '--yes', file], { env });
      assert.ok(existsSync(restored.in('data/data.mdb')));
    } finally {
      restored.remove();
    }
  });

  it('says what to do when there is no program', async () => {
    await window.do('configure', 'pluginVault.path', '/nowhere/plugin-vault');
    await window.command('Plugin Vault: Refresh');
    await window.command('Plugin Vault: Forget a Plugin…');
    await seesMessage('/nowhere/plugin-vault');
    await row('/nowhere/plugin-vault').waitFor();
  });
});

describe('a store behind a passphrase', () => {
  let home, server, browser, window;
  after(async () => {
    await browser?.close();
    await server?.kill();
    home?.remove();
  });

  it('is locked until the user unlocks it', async () => {
    home = new Home();
    fill(home);
    const secret = home.in('home/passphrase');
    writeFileSync(secret, 'correct horse\n');
    const protect = (args) => execFileSync('sh', ['-c', `"$PLUGIN_VAULT_BIN" protector ${args} 3<"$0"`, secret], { env: home.env });
    protect('add passphrase --new-passphrase-fd 3');
    protect('remove key-file --yes --passphrase-fd 3');
    server = await Server.start(home);
    browser = await Browser.start(home);
    window = await browser.open(server, home.folder('shop'));
    await window.command('Plugin Vault: Focus on Private Data View');
    const row = (text) => window.page.locator('.pane-body .monaco-list-row', { hasText: text });
    await row('Locked').waitFor();
    // A setting turns the walkthrough off in all windows except in the test of the first start.
    assert.equal(await window.page.getByText('Get Started with Plugin Vault').count(), 0);
    await row('Unlock…').click();
    const input = window.page.locator('.quick-input-widget input[type="password"]');
    await input.waitFor();
    await takePicture(window.page, 'unlock');
    await input.fill('correct horse');
    await window.page.keyboard.press('Enter');
    await row('acme.review').first().waitFor();
    await window.command('Plugin Vault: Lock the Store');
    await row('Unlock…').waitFor();
    assert.equal(await row('acme.review').count(), 0);
  });
});

describe('in a container', () => {
  let home, server, browser;
  after(async () => {
    await browser?.close();
    await server?.kill();
    home?.remove();
  });

  it('the user gets a warning that a rebuild deletes the store', async () => {
    home = new Home({ 'pluginVault.warnInContainers': true });
    server = await Server.start(home, { env: { container: 'docker' } });
    browser = await Browser.start(home);
    const window = await browser.open(server, home.folder('shop'));
    await window.do('store', 'vault', 'token', 'x');
    const warning = window.page.locator('.notification-list-item', { hasText: 'a rebuild deletes it' });
    await warning.waitFor();
    await warning.getByText('Don’t Show Again').click();
    await warning.waitFor({ state: 'detached' });
  });
});
