// Secrets in the real editor.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Browser, Server } from './lib/editor.mjs';
import { Home } from './lib/home.mjs';

describe('a window', () => {
  let home, server, browser, window;
  before(async () => {
    home = new Home();
    server = await Server.start(home);
    browser = await Browser.start(home);
    window = await browser.open(server, home.folder('one'));
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    home?.remove();
  });

  it('stores a secret and gives it back', async () => {
    await window.do('store', 'vault', 'token', 'hunter2');
    assert.equal(await window.do('get', 'vault', 'token'), 'hunter2');
    console.log(await window.do('window'), await window.do('sidecars'));
    await window.page.screenshot({ path: '/tmp/d2/a.png' });
  });
});
