// What only Kakoune and micro can show: values, errors, questions and names, as their users meet them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { binary } from '../../neovim/test/lib/editors.mjs';
import { Home, Kakoune, KakouneError, quoted } from './kakoune.mjs';
import { Terminal, until } from '../../neovim/test/lib/terminal.mjs';

const folder = join(import.meta.dirname, '..');

/** A test with a home of its own, and a function that starts Kakoune in its folder `project`. */
function inKakoune(name, steps) {
  test(name, { timeout: 60_000 }, async () => {
    const home = new Home();
    const started = [];
    const start = async (env) => {
      started.push(await Kakoune.start(home, started.length, join(home.top, 'project'), env));
      return started.at(-1);
    };
    try {
      await steps(start, home);
      for (const kakoune of started) await kakoune.close();
      await home.close();
    } finally {
      home.remove();
    }
  });
}

const cli = (home, args, input = '') => execFileSync(binary, args, { env: home.env(), input, encoding: 'utf8', stdio: 'pipe' });
const get = (home, ref) => cli(home, ['get', '--raw', ref]);

/** A program of the test in place of plugin-vault. */
function program(home, body) {
  const path = join(home.top, 'program');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A test with a terminal that is 100 columns wide. */
function inTerminal(name, steps) {
  test(name, { timeout: 60_000 }, async () => {
    const home = new Home();
    const terminal = new Terminal(home);
    try {
      await steps(terminal, home);
      terminal.close();
      await home.close();
    } finally {
      terminal.close();
      home.remove();
    }
  });
}

describe('Kakoune', { concurrency: 2 }, () => {
  inKakoune('what was selected is stored, and is there after a restart, and in no file', async (start, home) => {
    const [one, two] = [home.canaries.word(), home.canaries.word()];
    const first = await start();
    const text = `it's "${one}" %{ \\\n<ret> ünïcode ${two}`;
    await first.run(`edit -scratch; set-register a ${quoted(text)}; execute-keys '"aPgg,xs<ret>'; execute-keys '%H'`);
    const selected = await first.run('plugin-vault-set me.notes#/token --raw', '%val{selection}');
    assert.equal(selected, text);
    await first.close();
    const second = await start();
    assert.equal(await second.run('plugin-vault-get me.notes#/token --raw', '%reg{dquote}'), text);
    await second.run('declare-option str mine');
    assert.equal(await second.run('plugin-vault-get -option mine me.notes#/token', '%opt{mine}'), JSON.stringify(text));
  });

  inKakoune('of several selections the main one is stored, and all of them stay', async (start, home) => {
    const kakoune = await start();
    await kakoune.run("edit -scratch; execute-keys 'ione two three<esc>%s\\w+<ret>)'");
    const before = await kakoune.run('nop', '%val{selections_desc}');
    assert.equal(await kakoune.run('plugin-vault-set me.notes#/word --raw', '%val{selections_desc}'), before);
    assert.equal(get(home, 'me.notes#/word'), await kakoune.run('nop', '%val{selection}'));
  });

  inKakoune('a text keeps its line ends, and a text that Kakoune can not hold is refused', async (start, home) => {
    cli(home, ['set', 'me.notes'], String.raw`{"lines":"\n a\n\n","empty":"","nul":"a\u0000b"}`);
    const kakoune = await start();
    assert.equal(await kakoune.run('plugin-vault-get me.notes#/lines --raw', '%reg{dquote}'), '\n a\n\n');
    assert.equal(await kakoune.run('plugin-vault-get -register b me.notes#/empty --raw', '%reg{b}'), '');
    await assert.rejects(kakoune.run('plugin-vault-get me.notes#/nul --raw'), /has the character NUL/);
    assert.equal(await kakoune.run('plugin-vault-get me.notes#/nul', '%reg{dquote}'), String.raw`"a\u0000b"`);
  });

  inKakoune('a value is in no argument and in no environment', async (start, home) => {
    const secret = home.canaries.word();
    const seen = join(home.top, 'seen');
    const spy = program(home, `{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' '\\n' </proc/$PPID/environ; tr '\\0' ' ' </proc/$$/cmdline; } >>'${seen}'
      exec '${binary}' "$@"`);
    const kakoune = await start({ PLUGIN_VAULT_BIN: spy });
    await kakoune.run(`declare-option str mine ${quoted(secret)}; edit -scratch; set-register a ${quoted(secret)}; execute-keys '"aP'`);
    for (const from of ['', '-option mine', '-register a']) await kakoune.run(`plugin-vault-set ${from} me.notes#/token --raw`);
    assert.equal(await kakoune.run('plugin-vault-get me.notes#/token --raw', '%reg{dquote}'), secret);
    assert.match(readFileSync(seen, 'utf8'), /me\.notes#\/token/);
    home.canaries.search(readFileSync(seen), 'what other processes can read');
  });

  inKakoune('the folder of Kakoune is a workspace', async (start, home) => {
    const kakoune = await start();
    await kakoune.run("set-register a '{}'; plugin-vault-set -register a me.notes --workspace");
    const [record] = JSON.parse(cli(home, ['list', '--json'])).records;
    assert.equal(record.workspaceFolder, `file://${home.top}/project`);
    await kakoune.run('change-directory ..');
    await assert.rejects(kakoune.run('plugin-vault-get me.notes --workspace'), /nothing is stored there/);
  });

  inKakoune('a delete asks, and keeps what the user does not want to lose', async (start, home) => {
    cli(home, ['set', 'me.it%27s:a b'], '{"n":1}');
    const kakoune = await start();
    const remove = (answer) => kakoune.run(`execute-keys ${quoted(`:plugin-vault-delete 'me.it%27s:a b'<ret>${answer}<ret>`)}`);
    await remove('n');
    await remove('');
    assert.equal(get(home, 'me.it%27s:a b'), '{"n":1}');
    await remove('y');
    assert.throws(() => get(home, 'me.it%27s:a b'), /nothing is stored there/);
    await assert.rejects(kakoune.run('plugin-vault-delete me.notes'), /nothing is stored there/);
  });

  inKakoune('a list shows names without values', async (start, home) => {
    const secret = home.canaries.word();
    cli(home, ['set', 'me.notes:the session'], `{"token":"${secret}"}`);
    const kakoune = await start();
    const list = await kakoune.run("plugin-vault-list; execute-keys '%'", '%val{selection}');
    assert.match(list, /me\.notes\/default:the session/);
    assert.ok(!list.includes(secret));
    assert.match(await kakoune.run("plugin-vault-status; execute-keys '%'", '%val{selection}'), /1 record/);
  });

  inKakoune('an error can be caught, and says what to do', async (start, home) => {
    const kakoune = await start();
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), new KakouneError('plugin-vault: there is no store yet; plugin-vault set, or an editor, makes one'));
    await kakoune.run("set-register a '{}'; plugin-vault-set -register a me.notes --if-revision 0");
    const caught = "try %{ plugin-vault-set -register a me.notes --if-revision 0 --json } catch %{ set-register e %val{error} }";
    assert.equal(JSON.parse(await kakoune.run(caught, '%reg{e}')).kind, 'revisionConflict');
    await assert.rejects(kakoune.run('plugin-vault-get -register "" me.notes'), /takes the name of one/);
    const passphrase = home.canaries.word();
    cli(home, ['protector', 'add', 'passphrase', '--new-passphrase-fd', '0'], `${passphrase}\n`);
    cli(home, ['protector', 'remove', 'key-file', '--yes', '--passphrase-fd', '0'], `${passphrase}\n`);
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), /the store is locked/);
  });

  inKakoune('a program that fails before it has read the value does not block Kakoune', async (start, home) => {
    const kakoune = await start({ PLUGIN_VAULT_BIN: program(home, 'exit 7') });
    await kakoune.run(`set-register a ${quoted('x'.repeat(1_000_000))}`);
    await assert.rejects(kakoune.run('plugin-vault-set -register a me.notes'), /exit code 7/);
  });

  inKakoune('no program of the project is run, and a missing one is named', async (start, home) => {
    const trap = `#!/bin/sh\ntouch ${home.top}/was-run\n`;
    writeFileSync(join(home.top, 'project', 'plugin-vault'), trap, { mode: 0o755 });
    const PATH = `.::project:${process.env.PATH}`;
    const kakoune = await start({ PLUGIN_VAULT_BIN: undefined, PATH });
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), /not installed.*PATH.*plugin_vault_binary/);
    await kakoune.run('set-option global plugin_vault_binary ./plugin-vault');
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), /is relative.*absolute path/);
    await kakoune.run('set-option global plugin_vault_binary /no/such/program');
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), /There is no program/);
    await kakoune.run(`set-option global plugin_vault_binary ${quoted(binary)}`);
    await assert.rejects(kakoune.run('plugin-vault-get me.notes'), /there is no store yet/);
    assert.ok(!existsSync(join(home.top, 'was-run')));
  });

  inKakoune('the example of the README runs', async (start, home) => {
    const kakoune = await start();
    await kakoune.run(`source ${quoted(join(folder, 'test', 'example.kak'))}; edit -scratch; execute-keys 'iabc<esc>%H'`);
    await assert.rejects(kakoune.run('notes-token'), /Select your token/);
    await kakoune.run('notes-log-in');
    assert.equal(get(home, 'me.notes#/token'), 'abc');
    assert.equal(await kakoune.run('notes-token', '%opt{notes_token}'), 'abc');
  });
});

inTerminal('the prompt of Kakoune completes names', async (terminal, home) => {
  cli(home, ['set', 'me.notes:the session'], '{"token":"abc"}');
  await terminal.start(`kak -n -e 'source ${folder}/kakoune/plugin-vault.kak'`, '*scratch*');
  await terminal.type(':plugin-vault-get me.no', 'default:the session');
  terminal.press('Tab', 'Enter');
  await terminal.type('p', '{"token":"abc"}');
});

inTerminal('zsh completes names', async (terminal, home) => {
  cli(home, ['set', 'me.notes:the session'], '{"token":"abc"}');
  await terminal.start('env PS1=here: zsh -f', 'here:');
  await terminal.type(`autoload -Uz compinit; compinit -D; . ${folder}/zsh/plugin-vault.zsh; clear; echo rea''dy\n`, 'ready');
  await terminal.type('plugin-vault get me.no\t', 'me.notes/default:the\\ session');
  await terminal.type('\n', '{"token":"abc"}');
  await terminal.type('plugin-vault-get HOM\t', 'HOME');
  await terminal.type(' me.no\t', 'HOME me.notes/default:the\\ session');
});

inTerminal('micro inserts a text, and stores the selection', async (terminal, home) => {
  const configuration = join(home.top, 'micro');
  mkdirSync(configuration);
  symlinkSync(join(folder, 'micro', 'init.lua'), join(configuration, 'init.lua'));
  writeFileSync(join(configuration, 'settings.json'), '{"backup":false,"savehistory":false}');
  writeFileSync(join(home.top, 'project', 'text'), 'it\'s "one"\ntwo');
  await terminal.start(`micro -config-dir ${configuration} text`, 'two');
  const command = async (text, shows) => {
    terminal.press('C-e');
    await terminal.sees('\n>');
    await terminal.type(text, text);
    terminal.press('Enter');
    await terminal.sees(shows);
  };
  terminal.press('C-a');
  await command('vault-set me.notes', 'name one with #/MEMBER');
  // The selection was on the screen before. Until it is stored, there is nothing to read.
  cli(home, ['set', '--raw', 'me.notes:a b#/it'], 'before');
  await command("vault-set 'me.notes:a b#/it'", 'it\'s "one"');
  await until(() => get(home, 'me.notes:a b#/it') === 'it\'s "one"\ntwo', 'the selection is not stored');
  cli(home, ['set', '--raw', 'me.notes#/other'], 'from the vault');
  await command('vault-get me.notes#/other', 'from the vault');
  await command('vault-get me.other#/x', 'nothing is stored there');
});
