// Tests that only a real editor can give, the same ones for Neovim and Vim. behaviour.lua and behaviour.vim do what they name.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { BEHAVIOUR, binary, editorsOf, Home } from './editors.mjs';

/** Runs each test in each editor of a kind, with a home of its own. */
export function inEditors(kind, tests) {
  for (const editor of editorsOf(kind)) {
    describe(editor.name, { concurrency: 2 }, () => {
      for (const [name, steps] of Object.entries(tests)) {
        test(name, { timeout: 60_000 }, async () => {
          const home = new Home();
          try {
            await steps(editor, home);
            await home.close();
          } finally {
            home.remove();
          }
        });
      }
    });
  }
}

/** A program that is not plugin-vault, or another version of it: it answers `initialize`. */
function impostor(home, answer) {
  const path = join(home.top, 'impostor');
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: answer });
  writeFileSync(path, `#!/bin/sh\nprintf 'Content-Length: %d\\r\\n\\r\\n%s' ${body.length} '${body}'\ncat >/dev/null\n`);
  chmodSync(path, 0o755);
  return path;
}

function cli(home, args, input = '') {
  return execFileSync(binary, args, { env: home.env(), input, encoding: 'utf8' });
}

/** From now on the passphrase alone opens the store. */
function onlyPassphrase(home, passphrase) {
  cli(home, ['protector', 'add', 'passphrase', '--new-passphrase-fd', '0'], `${passphrase}\n`);
  cli(home, ['protector', 'remove', 'key-file', '--yes', '--passphrase-fd', '0'], `${passphrase}\n`);
}

/** Calls plugin-vault as a script does, and returns the results. */
function script(home, ...calls) {
  const lines = calls.map(([method, params], at) => JSON.stringify({ jsonrpc: '2.0', id: at, method, params }));
  return raw(home, lines);
}

function raw(home, lines) {
  const answers = cli(home, [], lines.join('\n')).trim().split('\n').map((line) => JSON.parse(line));
  for (const { error } of answers) assert.equal(error, undefined);
  return answers.sort((one, other) => one.id - other.id).map(({ result }) => result);
}

/** Stores texts as they are under the plugin's key: what another language has stored. */
function storeTexts(home, texts) {
  const [{ apiKey }] = script(home, ['issueAPIKey', { plugin: 'tests.behaviour', installation: 'tests' }]);
  const lines = Object.entries(texts).map(([name, text], at) =>
    `{"jsonrpc":"2.0","id":${at + 1},"method":"setPersistentData","params":{"context":"user","name":"${name}","data":${text}}}`);
  raw(home, [JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'setAPIKey', params: { apiKey } }), ...lines]);
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const COMMON = {
  'what was stored is there after a restart, and in no file': async (editor, home) => {
    const [VALUE, NAME, PLUGIN] = [1, 2, 3].map(() => home.canaries.word());
    await home.run(editor, 'store', { VALUE, NAME, PLUGIN });
    assert.deepEqual(await home.run(editor, 'read', { NAME, PLUGIN }), { data: { value: VALUE } });
  },

  'the editor killed in the middle of writes loses nothing that was answered, and leaves no process': async (editor, home) => {
    const running = home.start(editor, BEHAVIOUR[editor.kind], { SCENARIO: 'write_on' });
    const out = join(home.top, 'out.json');
    const written = () => {
      try {
        return JSON.parse(readFileSync(out, 'utf8')).n;
      } catch {
        return 0;
      }
    };
    await until(() => written() >= 20);
    running.child.kill('SIGKILL');
    await running.ended;
    await until(() => home.processes().length === 0);
    const last = written();
    const { data } = await home.run(editor, 'read');
    assert.ok(last === 0 || data.n >= last, `${data.n} is stored, and ${last} was answered`);
    assert.equal(data.filler.length, 1000);
  },

  'without the program a call says where to put it': async (editor, home) => {
    const outcome = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: undefined, PATH: '/nowhere:.:' });
    assert.equal(outcome.kind, 'binaryNotFound');
    assert.match(outcome.shown, /not installed.*PATH.*PLUGIN_VAULT_BIN/);
  },

  'a relative program is refused, and none is taken from the project': async (editor, home) => {
    writeFileSync(join(home.top, 'project', 'plugin-vault'), `#!/bin/sh\ntouch ${home.top}/was-run\n`, { mode: 0o755 });
    const relative = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: './plugin-vault' });
    assert.equal(relative.kind, 'binaryNotFound');
    assert.match(relative.shown, /absolute path/);
    const searched = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: undefined, PATH: ':.:project' });
    assert.equal(searched.kind, 'binaryNotFound');
    assert.ok(!existsSync(join(home.top, 'was-run')));
  },

  'another program and another version are named as such': async (editor, home) => {
    const other = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: impostor(home, { capabilities: {} }) });
    assert.equal(other.kind, 'binaryUnsuitable');
    assert.match(other.shown, /not plugin-vault/);
    const later = { capabilities: { experimental: { pluginVault: { protocolVersion: 2 } } }, serverInfo: { version: '9' } };
    const newer = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: impostor(home, later) });
    assert.match(newer.shown, /protocol 2.*Update the plugin/);
  },

  'a program for another processor or C library is named as such': async (editor, home) => {
    const foreign = join(home.top, 'foreign');
    // The C library would hand it to the shell, which would run the second line.
    const commands = `\ntouch ${join(home.top, 'was-run')}\n`;
    const changes = [
      // The number of a processor that no test runs on.
      (program) => program.writeUInt16LE(22, 18),
      (program) => program.writeUInt16LE(22, 18) && program.fill(commands, 64, 64 + commands.length),
      // A loader that is not there.
      (program) => program.write('!', program.indexOf('/ld-') + 1),
    ];
    for (const change of changes) {
      const program = readFileSync(binary);
      change(program);
      writeFileSync(foreign, program, { mode: 0o755 });
      const outcome = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: foreign });
      assert.equal(outcome.kind, 'vaultEnded');
      assert.match(outcome.shown, /foreign could not be started: it is built for another C library or processor/);
      const { shown } = await home.run(editor, 'show', { PLUGIN_VAULT_BIN: foreign, COMMAND: 'PluginVault list' });
      assert.match(shown, /foreign could not be started: it is built for another C library or processor/);
      assert.ok(!existsSync(join(home.top, 'was-run')));
    }
  },

  'a program that ends or prints something else is named with its last words': async (editor, home) => {
    const path = join(home.top, 'broken');
    writeFileSync(path, '#!/bin/sh\necho the disk is on fire >&2\nexit 1\n', { mode: 0o755 });
    const outcome = await home.run(editor, 'fail', { PLUGIN_VAULT_BIN: path });
    assert.equal(outcome.kind, 'vaultEnded');
    assert.match(outcome.shown, /the disk is on fire/);
  },

  'a killed sidecar: a write ends as outcomeUnknown, a read is repeated, and five ends are enough': async (editor, home) => {
    const outcomes = await home.run(editor, 'ended');
    assert.equal(outcomes.write, 'outcomeUnknown');
    // The stopped sidecar may or may not have read the write.
    assert.ok(outcomes.read === 1 || outcomes.read === 2, String(outcomes.read));
    assert.equal(outcomes.after.kind, 'vaultEnded');
    assert.equal(outcomes.after.retryable, true);
  },

  'a sidecar that does not answer blocks the editor no longer than the deadline': async (editor, home) => {
    const begin = performance.now();
    const outcome = await home.run(editor, 'stopped');
    assert.equal(outcome.kind, 'timedOut');
    assert.ok(outcome.took >= 290 && outcome.took < 2_000, `${outcome.took} ms`);
    // Then the editor ends, and kills it after two seconds.
    assert.ok(performance.now() - begin < 15_000);
  },

  'a callback that fails is shown, and stops nothing': async (editor, home) => {
    const outcomes = await home.run(editor, 'callback', {}, true);
    assert.equal(outcomes.n, 1);
    assert.match(outcomes.shown, /the caller's own fault/);
  },

  'a folder of the editor is a workspace, also after :cd': async (editor, home) => {
    assert.deepEqual(await home.run(editor, 'folders'), { elsewhere: null, back: { here: 'first' } });
  },

  'close answers earlier calls, and ends the sidecar': async (editor, home) => {
    assert.deepEqual(await home.run(editor, 'closed'), { set: 'stored', after: 'closed', gone: true });
  },

  'a locked store is reported by each call, and :PluginVault unlock opens it': async (editor, home) => {
    const passphrase = home.canaries.word();
    await home.run(editor, 'store', { VALUE: 'kept' });
    onlyPassphrase(home, passphrase);
    const outcome = await home.run(editor, 'fail');
    assert.equal(outcome.kind, 'keyUnavailable');
    assert.equal(outcome.data.reason, 'locked');
    const status = await home.run(editor, 'show', { COMMAND: 'PluginVault status' });
    assert.match(status.shown, /is locked/);
    if (editor.kind === 'vim') return;
    const wrong = await home.run(editor, 'show', { COMMAND: 'PluginVault unlock', PASSPHRASE: 'wrong' });
    assert.match(wrong.shown, /plugin-vault: .*passphrase/);
    const right = await home.run(editor, 'show', { COMMAND: 'PluginVault unlock', PASSPHRASE: passphrase });
    assert.match(right.shown, /is unlocked/);
  },

  ':PluginVault shows the state and the plugins, and complains as the editor does': async (editor, home) => {
    const show = async (COMMAND) => (await home.run(editor, 'show', { COMMAND }, true)).shown;
    assert.match(await show('PluginVault status'), /There is no store yet/);
    const canLock = script(home, ['rpc.discover', {}])[0].methods.some(({ name }) => name === 'vault/lock');
    assert.match(await show('PluginVault lock'), canLock ? /plugin-vault: There is no store yet, so nothing was locked/ : /no method/);
    await home.run(editor, 'store', { VALUE: 'x' });
    assert.match(await show('PluginVault status'), /plugin-vault \d+\.\d+\.\d+: The store is unlocked: 1 records/);
    assert.match(await show('PluginVault list'), /tests\.behaviour/);
    assert.match(await show('PluginVault open'), /plugin-vault: There is no :PluginVault open/);
    assert.match(await show('PluginVault forget'), /plugin-vault: Name the plugin/);
    // A Vim without a terminal can't be asked.
    if (editor.kind === 'vim') return;
    assert.match(await show('PluginVault forget tests.unknown'), /plugin-vault: there is no such plugin/);
    assert.match(await show('PluginVault forget tests.behaviour'), /was destroyed/);
    assert.deepEqual(await home.run(editor, 'read'), { data: null });
  },

  'two editors change one record at the same time, and no change is lost': async (editor, home) => {
    await home.run(editor, 'store', { VALUE: 'x' });
    const [one, two] = [1, 2].map((n) => home.start(editor, BEHAVIOUR[editor.kind], { SCENARIO: 'update', OUT: join(home.top, `out-${n}.json`) }).ended);
    for (const { code, output } of [await one, await two]) assert.equal(code, 0, output);
    assert.equal((await home.run(editor, 'read')).data.n, 100);
  },
};

export { cli, onlyPassphrase, script, storeTexts, until };

/** The README shows the tested example. */
export function readmeShows(kind, file, language) {
  test('the README shows the tested example', () => {
    const folder = join(import.meta.dirname, '..', '..', '..', kind);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    // Without the comment of the file.
    const example = readFileSync(join(folder, 'test', file), 'utf8').split('\n').slice(1).join('\n');
    assert.ok(readme.includes(`\`\`\`${language}\n${example}\`\`\`\n`), `README.md does not show ${file}`);
  });
}
