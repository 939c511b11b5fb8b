// The same folder of the extension in Theia.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Browser, Theia } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';
import { gone } from './lib/processes.mjs';

describe('in Theia', () => {
  let home, theia, browser, window;
  before(async () => {
    home = new Home();
    theia = await Theia.start(home);
    browser = await Browser.start(home);
    window = await browser.open(theia, home.folder('one'));
  });
  after(async () => {
    await browser?.close();
    await theia?.kill();
    home?.remove();
  });

  it('the ten lines of the README sign in', async () => {
    await window.do('signIn', 'hunter2');
    assert.equal(await window.do('get', 'vault', 'token'), 'hunter2');
    assert.equal(await window.do('value', 'workspace', 'signedIn'), true);
    assert.equal((await window.do('window')).app, 'Theia');
  });

  it('has an installation of its own', async () => {
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
    await window.do('run', 'pluginVault.privateData.focus');
    await window.page.getByText('tests.probe').first().waitFor();
    await window.page.getByText('Protection').first().waitFor();
    const text = await window.page.locator('body').innerText();
    assert.ok(!text.includes('hunter2'));
    assert.equal(await window.page.getByText('is not registered').count(), 0);
  });

  it('killed, it leaves no process, and what was stored is there', async () => {
    const [sidecar] = await window.do('sidecars');
    await window.do('store', 'vault', 'token', 'last');
    await theia.kill();
    await gone(sidecar);
    theia = await Theia.start(home);
    const again = await browser.open(theia, home.folder('one'));
    assert.equal(await again.do('get', 'vault', 'token'), 'last');
  });
});
