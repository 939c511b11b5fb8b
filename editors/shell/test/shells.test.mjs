// The functions in bash, zsh and fish: the same commands with the same outcomes.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { binary, Home } from '../../neovim/test/lib/editors.mjs';
import { elsewhere, relay } from '../../neovim/test/lib/relay.mjs';

const folder = join(import.meta.dirname, '..');
const SHELLS = {
  bash: {
    command: ['bash', '--norc', '-c'],
    file: 'bash/plugin-vault.bash',
    local: (commands) => `f() { local text=old; ${commands}; }; f`,
    // Bash gives a completion the line, and replaces what follows the last colon.
    complete: (line) => `c() { COMP_LINE=$1 COMP_POINT=\${#1} COMPREPLY=(); _plugin_vault_complete "\${1%% *}"; printf '%s\\n' "\${COMPREPLY[@]}"; }; c '${line}'`,
    completed: ['default', 'default:a\\ b'],
    export: (name) => `export ${name}`,
  },
  zsh: {
    command: ['zsh', '-f', '-c'],
    file: 'zsh/plugin-vault.zsh',
    local: (commands) => `f() { local text=old; ${commands}; }; f`,
    export: (name) => `export ${name}`,
  },
  fish: {
    command: ['fish', '--no-config', '-c'],
    file: 'fish/plugin-vault.fish',
    local: (commands) => `function f; set -l text old; ${commands}; end; f`,
    complete: (line) => `complete -C '${line}'`,
    completed: ['me.notes/default', 'me.notes/default:a b'],
    export: (name) => `set -gx ${name} $${name}`,
  },
};

/** The blocks of the README in a language. */
function blocks(language) {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block);
}

// Helix itself is not run.
test('the commands of the recipe for Helix store the input, and print the value', async () => {
  const home = new Home();
  const bin = join(home.top, 'bin');
  mkdirSync(bin);
  symlinkSync(binary, join(bin, 'plugin-vault'));
  const env = home.env({ PATH: `${bin}:${process.env.PATH}` });
  try {
    const [recipe] = blocks('toml');
    const [print, store] = [/":append-output (.*)"/, /":pipe-to (.*)"/].map((command) => recipe.match(command)[1]);
    const text = `${home.canaries.word()} it's`;
    execFileSync('sh', ['-c', store], { env, input: text });
    assert.equal(execFileSync('sh', ['-c', print], { env, encoding: 'utf8' }), text);
    await home.close();
  } finally {
    home.remove();
  }
});

for (const [name, shell] of Object.entries(SHELLS)) {
  describe(name, () => {
    const inShell = (title, steps) =>
      test(title, { timeout: 60_000 }, async () => {
        const home = new Home();
        const run = (commands, env, input = '') => {
          const [program, ...args] = shell.command;
          const source = `. '${join(folder, shell.file)}'\n`;
          const { status, stdout, stderr } = spawnSync(program, [...args, source + commands], { env: home.env(env), encoding: 'utf8', input });
          return { status, stdout, stderr };
        };
        try {
          await steps(run, home);
          await home.close();
        } finally {
          home.remove();
        }
      });
    const cli = (home, args, input = '') => execFileSync(binary, args, { env: home.env(), input, encoding: 'utf8', stdio: 'pipe' });

    inShell('a text comes into the variable of the caller, with its line ends', (run, home) => {
      cli(home, ['set', 'me.notes'], String.raw`{"lines":"\n it's\n\n","empty":"","list":[1]}`);
      const show = `printf '[%s]' "$text"`;
      assert.equal(run(shell.local(`plugin-vault-get text me.notes#/lines --raw; ${show}`)).stdout, "[\n it's\n\n]");
      assert.equal(run(shell.local(`plugin-vault-get text me.notes#/empty --raw; ${show}`)).stdout, '[]');
      assert.equal(run(`plugin-vault-get text me.notes#/list; ${show}`).stdout, '[[1]]');
    });

    inShell('a failure leaves the variable as it was, and has the exit code of plugin-vault', (run, home) => {
      const failed = run(shell.local(`plugin-vault-get text me.notes || printf '[%s]' "$text"; plugin-vault-get text me.notes`));
      assert.deepEqual([failed.status, failed.stdout], [3, '[old]']);
      assert.match(failed.stderr, /there is no store yet/);
      cli(home, ['set', 'me.notes'], '{}');
      assert.equal(run('plugin-vault-get text me.notes#/none').status, 4);
      const wrong = run('plugin-vault-get "a b" me.notes');
      assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
      assert.match(wrong.stderr, /give the name of a variable/);
    });

    inShell('the character NUL is kept or refused', (run, home) => {
      cli(home, ['set', 'me.notes'], String.raw`{"nul":"a\u0000b"}`);
      const { status, stdout, stderr } = run(shell.local(`plugin-vault-get text me.notes#/nul --raw; printf '[%s]' "$text"`));
      if (name === 'zsh') assert.equal(stdout, '[a\0b]');
      else assert.deepEqual([status, stdout, /NUL.*without --raw/.test(stderr)], [0, '[old]', true]);
    });

    inShell('what is stored is in no argument and in no environment, and comes back', (run, home) => {
      const secret = home.canaries.word();
      const [seen, spy] = [join(home.top, 'seen'), join(home.top, 'program')];
      writeFileSync(spy, `#!/bin/sh\n{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$$/cmdline; } >>'${seen}'\nexec '${binary}' "$@"\n`);
      chmodSync(spy, 0o755);
      writeFileSync(join(home.top, 'project', 'secret'), `it's ${secret}\nand more\n\n`);
      const read = name === 'fish' ? `read -z text <${home.top}/project/secret` : `IFS= read -r -d '' text <${home.top}/project/secret`;
      const { stdout, stderr } = run(`${read}\n${shell.export('text')}\nplugin-vault-set text me.notes#/token --raw`, { PLUGIN_VAULT_BIN: spy });
      assert.deepEqual([stdout, stderr], ['stored\n', '']);
      assert.match(readFileSync(seen, 'utf8'), /me\.notes#\/token/);
      home.canaries.search(readFileSync(seen), 'what other processes can read');
      assert.equal(cli(home, ['get', '--raw', 'me.notes#/token']), `it's ${secret}\nand more\n\n`);
    });

    inShell('with PLUGIN_VAULT_CONNECT the store is at the other end of the relay', async (run, home) => {
      const [first, second] = [home.canaries.word(), home.canaries.word()];
      cli(home, ['set', '--raw', 'tests.behaviour#/token'], first);
      const running = await relay(home);
      const env = { ...elsewhere(home), PLUGIN_VAULT_CONNECT: running.socket };
      const copy = 'plugin-vault-get text tests.behaviour#/token --raw; plugin-vault-set text tests.behaviour#/copy --raw';
      assert.deepEqual(run(copy, env), { status: 0, stdout: 'stored\n', stderr: '' });
      assert.equal(cli(home, ['get', '--raw', 'tests.behaviour#/copy']), first);
      const other = run('plugin-vault-set text tests.other#/token --raw', { ...env, text: second });
      assert.notEqual(other.status, 0);
      assert.ok(!existsSync(join(home.top, 'elsewhere')));
      await running.end();
    });

    inShell('the example of the README runs', (run, home) => {
      const example = blocks('sh').find((block) => block.includes('plugin-vault-set'));
      const token = home.canaries.word();
      // In fish, `read` has no option -r.
      const commands = name === 'fish' ? example.replace('read -rs', 'read -s') : example;
      const { status, stdout } = run(`${commands}test $TOKEN = ${token}`, {}, `${token}\n`);
      assert.deepEqual([status, stdout.replace('read> ', '')], [0, 'stored\n']);
      assert.equal(cli(home, ['get', '--raw', 'me.notes#/token']), token);
    });

    if (shell.complete) {
      inShell('the Tab key completes names of records', (run, home) => {
        cli(home, ['set', 'me.notes:a b'], '{}');
        cli(home, ['set', 'me.notes'], '{}');
        const complete = (line) => run(shell.complete(line)).stdout.trim().split('\n');
        for (const begin of ['plugin-vault get ', 'plugin-vault-get text ']) {
          assert.deepEqual(complete(`${begin}me.`), ['me.notes/default', name === 'bash' ? 'me.notes/default:a\\ b' : 'me.notes/default:a b']);
          assert.deepEqual(complete(`${begin}me.notes/default:`), [name === 'bash' ? 'a\\ b' : 'me.notes/default:a b']);
          assert.deepEqual(complete(`${begin}you.`), ['']);
        }
        assert.ok(complete('plugin-vault-get HO').includes('HOME'));
      });
    }
  });
}
