// docs/recipes.md and the first session of docs/protocol.md, run as they are printed there.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';

import { codeOf, writeRecipes } from './lib/recipes.mjs';
import { binary } from './lib/vault.mjs';

const home = mkdtempSync(join(tmpdir(), 'vault-recipes-'));
/** The end of each sidecar. Until then it may make files in its folder. */
const ended = [];
after(async () => {
  await Promise.all(ended);
  rmSync(home, { recursive: true, force: true });
});

for (const major of [9, 10]) {
  describe(`vscode-jsonrpc ${major}`, async () => {
    const { Vault, update } = await import(writeRecipes(home, major));
    const open = [];
    after(() => Promise.all(open.map((vault) => vault.close())));

    /** A window with a sidecar of its own, and a way to kill that. */
    function window(apiKey) {
      const window = { sidecars: 0, kill: () => window.child.kill('SIGKILL') };
      const args = ['--data-dir', join(home, 'data'), '--key-dir', join(home, 'keys')];
      window.vault = new Vault(apiKey, () => {
        window.sidecars += 1;
        window.child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        ended.push(once(window.child, 'exit'));
        return window.child;
      });
      open.push(window.vault);
      return window;
    }
    const newKey = () => randomBytes(20).toString('hex');
    const address = { context: 'user', name: 'n' };

    test('a sidecar that was killed is started again, and nothing that was answered is lost', async () => {
      const one = window(newKey());
      await one.vault.call('setPersistentData', { ...address, data: { n: 1 } });
      for (let n = 2; n < 6; n++) {
        const lost = one.vault.call('acquireLease', { name: 'held', ttlMs: 60_000 });
        const waits = one.vault.call('acquireLease', { name: 'held', ttlMs: 60_000, waitMs: 60_000 });
        await lost;
        one.kill();
        const error = await waits.then(assert.fail, (reason) => reason);
        assert.equal(error.data?.kind, undefined, 'this is no answer of the vault');
        assert.deepEqual(await one.vault.read('getPersistentData', address), { n: n - 1 });
        assert.equal(one.sidecars, n);
        await one.vault.call('setPersistentData', { ...address, data: { n } });
      }
    });

    test('a program that is not there is an error, and no crash', async () => {
      const vault = new Vault(newKey(), () => spawn(join(home, 'missing'), { stdio: ['pipe', 'pipe', 'ignore'] }));
      await assert.rejects(vault.read('getPersistentData', address));
    });

    test('no update of two windows is lost', async () => {
      const key = newKey();
      const windows = [window(key), window(key)];
      const count = async ({ vault }) => {
        for (let n = 0; n < 50; n++) await update(vault, address, (data) => ({ count: (data.count ?? 0) + 1 }));
      };
      await Promise.all(windows.map(count));
      assert.deepEqual(await windows[0].vault.read('getPersistentData', address), { count: 100 });
    });

    test('a watch tells each change once, over killed sidecars and a new start', async () => {
      const key = newKey();
      const [one, two] = [window(key), window(key)];
      const told = [];
      let heard = () => {};
      const hear = (notice) => {
        told.push(notice.revision);
        heard();
      };
      const written = [];
      const write = async () => {
        const data = { n: written.length };
        written.push((await two.vault.call('setPersistentData', { ...address, data })).revision);
      };
      const all = async () => {
        while (told.length < written.length) await new Promise((resolve) => (heard = resolve));
        assert.deepEqual(told, written);
      };
      await two.vault.call('setPersistentData', { ...address, data: {} });
      await one.vault.watch(hear);
      for (let round = 0; round < 4; round++) {
        await write();
        if (round > 1) await all();
        one.kill();
        await write();
        await write();
      }
      await all();
      const { since } = one.vault;
      await one.vault.close();
      await write();
      const later = window(key);
      await later.vault.watch(hear, since);
      await all();
    });

    test('the first session', () => {
      const folder = join(home, `session-${major}`);
      mkdirSync(folder);
      symlinkSync(binary, join(folder, 'plugin-vault'));
      writeFileSync(join(folder, 'example.mjs'), codeOf('docs/protocol.md', major));
      const env = { ...process.env, PATH: folder + delimiter + process.env.PATH };
      env.PLUGIN_VAULT_DATA_DIR = join(folder, 'data');
      env.PLUGIN_VAULT_KEY_DIR = join(folder, 'keys');
      const said = execFileSync(process.execPath, [join(folder, 'example.mjs')], { env, encoding: 'utf8' });
      assert.equal(said, "{ token: '…' }\n");
    });
  });
}
