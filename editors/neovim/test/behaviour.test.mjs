// Neovim in the tests that need a real editor.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { COMMON, cli, inEditors, readmeShows, storeTexts, until } from './lib/behaviour.mjs';
import { BEHAVIOUR, editorsOf } from './lib/editors.mjs';
import { RELAY } from './lib/relay.mjs';

inEditors('neovim', {
  ...COMMON,
  ...RELAY,

  'a value that is not JSON is refused before it is sent': async (editor, home) => {
    const { stored, ...kinds } = await home.run(editor, 'invalid');
    assert.equal(stored, true);
    for (const [name, kind] of Object.entries(kinds)) assert.equal(kind, 'invalidParams', name);
    assert.equal(Object.keys(kinds).length, 9);
  },

  'data that Lua can not hold is refused and kept, and numbers keep their digits': async (editor, home) => {
    const numbers = '{"a":0.1,"b":-17,"c":9007199254740991,"d":3.14159265358979,"e":1e+100}';
    storeTexts(home, { deep: `{"d":${'['.repeat(1200)}${']'.repeat(1200)}}`, surrogate: '{"s":"\\ud800"}', numbers });
    assert.deepEqual(await home.run(editor, 'odd'), { deep: 'answerUnreadable', surrogate: 'answerUnreadable', same: true });
  },

  ':checkhealth is clean, and names what is missing': async (editor, home) => {
    const healthy = (await home.run(editor, 'health')).text;
    assert.match(healthy, /The program is .*PLUGIN_VAULT_BIN/);
    assert.match(healthy, /no store yet/);
    assert.doesNotMatch(healthy, /ERROR|WARN/);
    const ill = (await home.run(editor, 'health', { PLUGIN_VAULT_BIN: '/nowhere/plugin-vault' })).text;
    assert.match(ill, /ERROR.*PLUGIN_VAULT_BIN names \/nowhere\/plugin-vault/);
  },

  ':help explains every function, and each of its links leads somewhere': async (editor, home) => {
    const { broken, text } = await home.run(editor, 'help');
    assert.deepEqual(broken, []);
    const names = 'open setup sidecar set get record patch delete list move update watch acquire renew release tokens share keys rotate revoke';
    for (const name of names.split(' ')) assert.match(text, new RegExp(`[.:]${name}\\(`), name);
  },

  'the example of the README runs': async (editor, home) => {
    assert.deepEqual((await home.run(editor, 'example')).shown, ['on the disk', 'abc']);
  },

  'Vim stores, Neovim is told of it, and the shell sees it': async (editor, home) => {
    const [vim] = editorsOf('vim');
    const OUT = join(home.top, 'watch.json');
    const watching = home.start(editor, BEHAVIOUR.neovim, { SCENARIO: 'watch', OUT });
    const { existsSync, readFileSync } = await import('node:fs');
    await until(() => existsSync(OUT) && readFileSync(OUT, 'utf8') !== '');
    const VALUE = home.canaries.word();
    const { revision } = await home.run(vim, 'store', { VALUE });
    assert.equal((await watching.ended).code, 0);
    const change = { revision, context: 'user', deleted: false };
    assert.deepEqual(JSON.parse(readFileSync(OUT, 'utf8')), { changes: [change], data: { value: VALUE } });
    const records = JSON.parse(cli(home, ['key', 'records', 'tests.behaviour', 'tests', '--json']));
    assert.deepEqual(records.map(({ context, bytes }) => ({ context, bytes })), [{ context: 'user', bytes: 12 + VALUE.length }]);
  },
});

readmeShows('neovim', 'example.lua', 'lua');
