// Vim in the tests that need a real editor.

import assert from 'node:assert/strict';

import { COMMON, inEditors, readmeShows, storeTexts } from '../../neovim/test/lib/behaviour.mjs';

inEditors('vim', {
  ...COMMON,

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
