// docs/recipes.md and README's example, run as they stand there.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';

import { codeOf, writeRecipes } from './lib/recipes.mjs';
import { binary } from './lib/vault.mjs';

const home = mkdtempSync(join(tmpdir(), 'vault-recipes-'));
after(() => rmSync(home, { recursive: true, force: true }));

for (const major of [9, 10]) {
  describe(`vscode-jsonrpc ${major}`, async () => {
    const { Vault, LoginNeeded, accessToken, update } = await import(writeRecipes(home, major));
    const open = [];
    after(() => Promise.all(open.map((vault) => vault.close())));

    /** A window with a sidecar of its own, and a way to kill that. */
    function window(apiKey) {
      const window = { sidecars: 0, kill: () => window.child.kill('SIGKILL') };
      const args = ['--data-dir', join(home, 'data'), '--key-dir', join(home, 'keys')];
      window.vault = new Vault(apiKey, () => {
        window.sidecars += 1;
        window.child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] });
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

    describe('a token that changes with each use', () => {
      const tokens = { context: 'user', name: 'oauth' };
      const options = { leaseMs: 300, reads: 40 };
      const old = { accessToken: 'a0', refreshToken: 'r0', expiresAt: 0 };
      const fresh = { accessToken: 'a1', refreshToken: 'r1', expiresAt: Date.now() + 3_600_000 };

      async function loggedIn() {
        const key = newKey();
        const windows = [window(key), window(key)];
        await windows[0].vault.call('setPersistentData', { ...tokens, data: old });
        const stored = () => windows[1].vault.read('getPersistentData', tokens);
        return [...windows, stored];
      }

      test('is refreshed by one window, and the others take what it stored', async () => {
        const [one, two, stored] = await loggedIn();
        let asked = 0;
        const ask = async (token) => {
          asked += 1;
          assert.equal(token, 'r0');
          return fresh;
        };
        const both = [one, two, one, two].map(({ vault }) => accessToken(vault, ask, options));
        assert.deepEqual(await Promise.all(both), ['a1', 'a1', 'a1', 'a1']);
        assert.equal(asked, 1);
        assert.deepEqual(await stored(), fresh);
      });

      test('is stored though the lease was lost, by time or with the sidecar', async () => {
        for (const lose of ['sleep', 'kill']) {
          const [one, two, stored] = await loggedIn();
          const ask = async () => {
            if (lose === 'kill') one.kill();
            // Another has the lease meanwhile, which the first one gets back only when that gives it up.
            await two.vault.call('acquireLease', { name: 'oauth', ttlMs: 60_000, waitMs: 60_000 });
            return fresh;
          };
          assert.equal(await accessToken(one.vault, ask, options), 'a1');
          assert.deepEqual(await stored(), fresh);
        }
      });

      test('is dropped where another login was stored meanwhile', async () => {
        const [one, two, stored] = await loggedIn();
        const login = { ...fresh, accessToken: 'a9', refreshToken: 'r9' };
        const ask = async () => {
          one.kill();
          await two.vault.call('setPersistentData', { ...tokens, data: login });
          return fresh;
        };
        assert.equal(await accessToken(one.vault, ask, options), 'a9');
        assert.deepEqual(await stored(), login);
      });

      test('is dropped where the user has logged out or in again while the lease is held', async () => {
        const login = { ...fresh, accessToken: 'a9', refreshToken: 'r9', expiresAt: 0 };
        for (const loseLease of [false, true]) {
          const out = await loggedIn();
          const logOut = async () => {
            if (loseLease) out[0].kill();
            await out[1].vault.call('deletePersistentData', tokens);
            return fresh;
          };
          await assert.rejects(accessToken(out[0].vault, logOut, options), LoginNeeded);
          assert.equal(await out[2](), null);
          const [one, two, stored] = await loggedIn();
          const logIn = async () => {
            if (loseLease) one.kill();
            await two.vault.call('setPersistentData', { ...tokens, data: login });
            return fresh;
          };
          assert.equal(await accessToken(one.vault, logIn, options), 'a9', 'the new login, whatever its date');
          assert.deepEqual(await stored(), login);
        }
      });

      test('is stored where only its record has changed, and it is still the spent one', async () => {
        const [one, two, stored] = await loggedIn();
        const ask = async () => {
          await two.vault.call('patchPersistentData', { ...tokens, patch: { note: 'n' } });
          return fresh;
        };
        assert.equal(await accessToken(one.vault, ask, options), 'a1');
        assert.deepEqual(await stored(), fresh);
      });

      test('is asked for once a call, and goes to the caller whatever its date', async () => {
        for (const expiresAt of [Date.now() - 3_600_000, 0, null, undefined]) {
          const [one, , stored] = await loggedIn();
          let asked = 0;
          const ask = async (token) => {
            assert.equal(token, `r${asked}`);
            asked += 1;
            return { accessToken: `a${asked}`, refreshToken: `r${asked}`, expiresAt };
          };
          for (const call of [1, 2, 3]) {
            assert.equal(await accessToken(one.vault, ask, options), `a${call}`);
            assert.equal(asked, call, `${expiresAt}`);
          }
          assert.equal((await stored()).refreshToken, 'r3');
        }
      });

      test('is waited for where the server refuses the one that is stored', async () => {
        const [one, two] = await loggedIn();
        let asked = 0;
        const refuse = async () => {
          asked += 1;
          setTimeout(() => two.vault.call('setPersistentData', { ...tokens, data: fresh }), 500);
          return null;
        };
        assert.equal(await accessToken(one.vault, refuse, options), 'a1');
        assert.equal(asked, 1, 'a refused token is not presented again');
      });

      test('is never deleted, and nobody is asked to log in before it was looked for', async () => {
        const [one, , stored] = await loggedIn();
        await assert.rejects(accessToken(one.vault, async () => null, { ...options, reads: 3 }), LoginNeeded);
        assert.deepEqual(await stored(), old);
        const nobody = window(newKey());
        await assert.rejects(accessToken(nobody.vault, assert.fail, options), LoginNeeded);
      });
    });

    test("README's example", () => {
      const folder = join(home, `readme-${major}`);
      mkdirSync(folder);
      symlinkSync(binary, join(folder, 'plugin-vault'));
      writeFileSync(join(folder, 'example.mjs'), codeOf('README.md', major));
      const env = { ...process.env, PATH: folder + delimiter + process.env.PATH };
      env.PLUGIN_VAULT_DATA_DIR = join(folder, 'data');
      env.PLUGIN_VAULT_KEY_DIR = join(folder, 'keys');
      const said = execFileSync(process.execPath, [join(folder, 'example.mjs')], { env, encoding: 'utf8' });
      assert.equal(said, "{ token: '…' }\n");
    });
  });
}
