// The same extension in Theia.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Browser, Theia } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';
import { gone } from './lib/processes.mjs';
import { runExample, Service } from './lib/service.mjs';

describe('in Theia', () => {
  let home, service, theia, browser, window;
  before(async () => {
    home = new Home();
    service = await Service.start();
    theia = await Theia.start(home, { env: { EXAMPLE_SERVER: service.url } });
    browser = await Browser.start(home);
    window = await browser.open(theia, home.folder('one'));
  });
  after(async () => {
    await browser?.close();
    await theia?.kill();
    await service?.stop();
    home?.remove();
  });

  const run = (...args) => execFileSync(process.env.PLUGIN_VAULT_BIN, args, { env: home.env, encoding: 'utf8' });
  const row = (text) => window.page.locator('.theia-TreeNode', { hasText: text }).first();
  const dialog = (text) => window.page.locator('.dialogBlock', { hasText: text });
  const button = (box, name) => box.getByRole('button', { name, exact: true });
  const messages = '.theia-notification-toasts .theia-notification-message';
  const seesMessage = (text) => window.page.locator(messages, { hasText: text }).waitFor();
  const installations = () => {
    const keys = JSON.parse(run('key', 'list', '--json'));
    return keys.filter(({ plugin }) => plugin === 'late.comer').map(({ installation }) => installation);
  };

  it('the ten lines of the README sign in', async () => {
    await window.do('signIn', 'hunter2');
    assert.equal(await window.do('get', 'vault', 'token'), 'hunter2');
    assert.equal(await window.do('value', 'workspace', 'signedIn'), true);
    assert.equal((await window.do('window')).app, 'Theia');
  });

  it('has a separate installation', async () => {
    const { installation, plugin } = (await window.do('call', 'listAPIKeys'))[0];
    assert.deepEqual([installation, plugin], ['theia', 'tests.probe']);
  });

  it('another window sees a change, and keeps its own folder’s state', async () => {
    const second = await browser.open(theia, home.folder('two'));
    await second.do('listen');
    await window.do('store', 'vault', 'across', 'windows');
    assert.deepEqual(await second.event(), ['secret', 'across']);
    assert.equal(await second.do('get', 'vault', 'across'), 'windows');
    assert.equal(await second.do('value', 'workspace', 'signedIn'), 'nothing');
    await second.page.close();
  });

  it('the view shows what is stored', async () => {
    await window.do('run', 'pluginVault.show');
    await window.page.getByText('tests.probe').first().waitFor();
    await window.page.getByText('Protection').first().waitFor();
    const text = await window.page.locator('body').innerText();
    assert.ok(!text.includes('hunter2'));
    assert.equal(await window.page.getByText('is not registered').count(), 0);
  });

  it('the example keeps a login', async () => {
    await runExample(window, service, async (text) => {
      await seesMessage(text);
      await window.do('run', 'notifications.commands.clearAll');
      await window.page.locator(messages, { hasText: text }).waitFor({ state: 'detached' });
    });
  });

  it('the view updates when the store changes, and revokes a key after the user confirms', async () => {
    for (const installation of ['first', 'second']) run('key', 'issue', 'late.comer', '--installation', installation);
    await row('late.comer').click();
    const question = dialog('Revoke the key of late.comer, first?');
    for (const answer of ['Close', 'Revoke']) {
      assert.deepEqual(installations().sort(), ['first', 'second']);
      await row('first').hover();
      await row('first').locator('[title^="Revoke"]').click();
      await question.getByText('0 records').waitFor();
      await button(question, 'Back Up First…').waitFor();
      await button(question, answer).click();
      await question.waitFor({ state: 'detached' });
    }
    await seesMessage('The key was revoked, and its data destroyed.');
    await row('first').waitFor({ state: 'detached' });
    assert.deepEqual(installations(), ['second']);
  });

  it('forgets a plugin from the command palette', async () => {
    await window.command('Plugin Vault: Forget a Plugin…');
    await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'late.comer' }).click();
    await button(dialog('Forget late.comer?'), 'Forget').click();
    await seesMessage('Forgotten: late.comer, 1 installation.');
    await row('late.comer').waitFor({ state: 'detached' });
    assert.deepEqual(installations(), []);
  });

  it('backs up, also over an older backup', async () => {
    const file = home.in('home/backup.tar');
    for (const old of [false, true]) {
      if (old) writeFileSync(file, 'old');
      await window.command('Plugin Vault: Back Up…');
      const box = dialog('Save');
      await box.locator('.theia-FileNameTextField').fill('backup.tar');
      await button(box, 'Back Up').click();
      // Theia's own dialog does not ask whether to replace the file.
      if (old) await button(dialog(`Replace ${file}?`), 'Replace').click();
      await seesMessage(`Backed up to ${file}`);
      await window.do('run', 'notifications.commands.clearAll');
    }
    await window.command('Plugin Vault: Restore…');
    await dialog('Open').locator('.theia-LocationList, .theia-TreeNode', { hasText: 'backup.tar' }).first().click();
    await button(dialog('Open'), 'Restore').click();
    await button(dialog(`Replace the store by ${file}?`), 'Restore').click();
    await seesMessage(`Restored from ${file}`);
  });

  it('after Theia was killed no process is left, and stored data is there', async () => {
    const [sidecar] = await window.do('sidecars');
    await window.do('store', 'vault', 'token', 'last');
    await theia.kill();
    await gone(sidecar);
    const record = ['get', '--plugin=tests.probe', '--name=secret:token'];
    assert.deepEqual(JSON.parse(run(...record)), { key: 'token', value: 'last' });
  });
});
