// A store at the other end of `plugin-vault relay`: how the tests start one, and the same tests for Neovim and Vim.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { until } from './behaviour.mjs';
import { BEHAVIOUR, binary } from './editors.mjs';

/** Starts a relay for the plugin of the tests, as on the user's own machine. */
export async function relay(home) {
  const folder = join(home.top, 'sockets');
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const socket = join(folder, 'relay');
  const args = ['relay', 'tests.behaviour', '--listen', socket];
  const child = spawn(binary, args, { env: home.env(), stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(createInterface(child.stdout), 'line');
  return {
    pid: child.pid,
    socket,
    async end() {
      child.kill();
      await ended;
    },
  };
}

/** What a place without the store knows: a folder of its own, which stays empty. */
export const elsewhere = (home) => ({
  PLUGIN_VAULT_DATA_DIR: join(home.top, 'elsewhere'),
  PLUGIN_VAULT_KEY_DIR: join(home.top, 'elsewhere'),
});

export const RELAY = {
  'through a relay a plugin has its data of the user’s own machine': async (editor, home) => {
    const [first, second, third] = [1, 2, 3].map(() => home.canaries.word());
    await home.run(editor, 'store', { VALUE: first });
    const running = await relay(home);
    // The setting and the variable.
    for (const [from, VALUE, way] of [[first, second, { SOCKET: running.socket }], [second, third, { PLUGIN_VAULT_CONNECT: running.socket }]]) {
      const env = { ...elsewhere(home), ...way };
      assert.deepEqual(await home.run(editor, 'read', env), { data: { value: from } });
      await home.run(editor, 'store', { ...env, VALUE });
      assert.deepEqual(await home.run(editor, 'read'), { data: { value: VALUE } });
      const { shown } = await home.run(editor, 'show', { ...env, COMMAND: 'PluginVault status' }, true);
      assert.match(shown, /at the other end of a relay, in .*data/);
      // The commands for the whole store do not make one here.
      const list = await home.run(editor, 'show', { ...env, COMMAND: 'PluginVault list' }, true);
      assert.match(list.shown, /--connect/);
    }
    assert.ok(!existsSync(join(home.top, 'elsewhere')));
    await running.end();
  },

  'a relay of another plugin, and an own key with a relay, are refused': async (editor, home) => {
    await home.run(editor, 'store', { VALUE: 'x' });
    const running = await relay(home);
    const env = { ...elsewhere(home), SOCKET: running.socket };
    const other = await home.run(editor, 'fail', { ...env, PLUGIN: 'tests.other' });
    assert.equal(other.kind, 'notPermitted');
    assert.match(other.shown, /the data of tests\.behaviour and not of tests\.other\. Start a relay for tests\.other/);
    const own = await home.run(editor, 'fail', { ...env, API_KEY: home.canaries.key() });
    assert.equal(own.kind, 'notPermitted');
    assert.match(own.shown, /A relay has a key of its own/);
    await running.end();
  },

  'when the relay is gone, a write ends as outcomeUnknown, and a watch goes on with the next relay': async (editor, home) => {
    await home.run(editor, 'store', { VALUE: 'x' });
    let running = await relay(home);
    const OUT = join(home.top, 'lost.json');
    const env = { ...elsewhere(home), SOCKET: running.socket, RELAY: String(running.pid), SCENARIO: 'relay_lost', OUT };
    const remote = home.start(editor, BEHAVIOUR[editor.kind], env);
    await Promise.race([
      until(() => existsSync(OUT) && readFileSync(OUT, 'utf8').includes('lost')),
      remote.ended.then(({ output }) => assert.fail(output)),
    ]);
    // Changed while nothing was connected.
    const VALUE = home.canaries.word();
    await home.run(editor, 'store', { VALUE });
    running = await relay(home);
    const { code, output } = await remote.ended;
    assert.equal(code, 0, output);
    const { write, lost, changes, data } = JSON.parse(readFileSync(OUT, 'utf8'));
    assert.equal(write, 'outcomeUnknown');
    assert.equal(lost.kind, 'vaultEnded');
    assert.match(lost.shown, /could not be started as plugin-vault\. It said: /);
    assert.ok(changes > 0);
    assert.deepEqual(data, { value: VALUE });
    await running.end();
  },
};
