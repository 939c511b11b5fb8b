// Vim in the tests that need a real editor.

import assert from 'node:assert/strict';

import { cli, COMMON, inEditors, onlyPassphrase, readmeShows, storeTexts } from '../../neovim/test/lib/behaviour.mjs';
import { onScreen } from '../../neovim/test/lib/editors.mjs';
import { RELAY } from '../../neovim/test/lib/relay.mjs';
import { Terminal } from '../../neovim/test/lib/terminal.mjs';

/** Runs Vim in a terminal, for what it asks its user. */
async function inTerminal(editor, home, steps) {
  const terminal = new Terminal(home);
  try {
    await terminal.start(onScreen(editor), '[No Name]');
    await steps((command, shows) => terminal.type(`:PluginVault ${command}\n`, shows), (answer, shows) => terminal.type(answer, shows));
    // An answer may still be on the screen.
    terminal.press('Escape');
    await terminal.type(':qall!\n', '').catch(() => {});
  } finally {
    terminal.close();
  }
}

inEditors('vim', {
  ...COMMON,
  ...RELAY,

  'a value that is not JSON is refused, and nothing is stored': async (editor, home) => {
    const { stored, surrogate, ...kinds } = await home.run(editor, 'invalid');
    assert.equal(stored, true);
    for (const [name, kind] of Object.entries(kinds)) assert.equal(kind, 'invalidParams', name);
    // This one Vim takes for a character, and the sidecar refuses it.
    assert.equal(surrogate, 'parseError');
    assert.equal(Object.keys(kinds).length, 8);
  },

  'data that Vim can not hold is refused and kept, and numbers keep their digits': async (editor, home) => {
    const numbers = '{"a":0.1,"b":-17,"c":9007199254740991,"d":3.14159265358979,"e":1.0e100}';
    storeTexts(home, { nul: '{"s":"\\\\\\u0000"}', twice: '{"s":1,"s":2}', backslash: '{"s":"\\\\u0000"}', numbers });
    const expected = { nul: 'answerUnreadable', twice: 'answerUnreadable', backslash: 'none', same: true };
    assert.deepEqual(await home.run(editor, 'odd'), expected);
  },

  ':PluginVault unlock asks for the passphrase, and does not show it': async (editor, home) => {
    const passphrase = home.canaries.word();
    await home.run(editor, 'store', { VALUE: 'kept' });
    onlyPassphrase(home, passphrase);
    await inTerminal(editor, home, async (command, answer) => {
      await command('unlock', "The store's passphrase:");
      await answer('wrong\n', 'passphrase');
      await command('unlock', "The store's passphrase:");
      await answer(passphrase, '*'.repeat(passphrase.length));
      await answer('\n', 'plugin-vault: The store is unlocked');
      await command('status', 'The store is unlocked: 1 records');
    });
  },

  ':PluginVault forget asks first, and keeps the data unless the user agrees': async (editor, home) => {
    await home.run(editor, 'store', { VALUE: 'kept' });
    await inTerminal(editor, home, async (command, answer) => {
      await command('forget tests.behaviour', 'All its data is destroyed');
      await answer('\n', '[No Name]');
      assert.equal(cli(home, ['get', 'tests.behaviour#/value']), '"kept"\n');
      await command('forget tests.behaviour', 'All its data is destroyed');
      await answer('f', 'The data of tests.behaviour was destroyed');
      await command('forget tests.behaviour', 'All its data is destroyed');
      await answer('f', 'plugin-vault: there is no such plugin');
    });
    assert.deepEqual(await home.run(editor, 'read'), { data: null });
  },

  ':help explains every function, and each of its links leads somewhere': async (editor, home) => {
    const { broken, text } = await home.run(editor, 'help');
    assert.deepEqual(broken, []);
    const names = 'Open Set Get Record Patch Delete List Move Update Watch Acquire Renew Release Tokens Share Keys Rotate Revoke';
    for (const name of names.split(' ')) assert.match(text, new RegExp(`[.#]${name}\\(`), name);
  },

  'the example of the README runs': async (editor, home) => {
    assert.deepEqual((await home.run(editor, 'example')).shown, ['abc']);
  },

  "with an 'encoding' that lacks characters nothing is sent": async (editor, home) => {
    const outcome = await home.run(editor, 'fail', { LATIN: '1' });
    assert.equal(outcome.kind, 'editorUnsuitable');
  },
});

readmeShows('vim', 'example.vim', 'vim');
