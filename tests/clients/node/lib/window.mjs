// One window of an editor: a process of its own with a sidecar of its own. It needs an access token again and again, and
// gets it with docs/recipes.md, or in the way in which tokens are lost. It says to the process above it which sidecar it
// has, which token each call gave, and when what the server gave it is stored or dropped. `calls` says how many calls it
// makes; without it there is no end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const settings = JSON.parse(process.env.WINDOW);
const { Vault, LoginNeeded, accessToken } = await import(settings.recipes);
const tell = (message) => process.send(message);

let sidecar;
const vault = new Vault(settings.key, () => {
  sidecar = spawn(settings.binary, settings.args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PLUGIN_VAULT_FAULT: settings.fault },
  });
  const { pid } = sidecar;
  tell({ sidecar: pid });
  // From then on its number may be another's.
  sidecar.once('exit', () => tell({ gone: pid }));
  return sidecar;
});

const call = vault.call.bind(vault);
vault.call = async (method, params) => {
  const result = await call(method, params);
  // What was answered is there, whatever happens now.
  if (method === 'setPersistentData' && Math.random() < settings.killAfterStoring) sidecar.kill('SIGKILL');
  return result;
};

/** What this window has in its memory and not yet in the store. */
let carries = null;

async function ask(refreshToken) {
  const answer = await fetch(settings.server, { method: 'POST', headers: { window: settings.name }, body: refreshToken });
  if (answer.status === 400) return null;
  carries = await answer.json();
  return carries;
}

/** As many do it: no lease, no second look, and a token that is refused is the end of the login. */
async function careless() {
  const tokens = { context: 'user', name: 'oauth' };
  const data = await vault.read('getPersistentData', tokens);
  if (data === null) throw new LoginNeeded();
  if (data.expiresAt > Date.now()) return;
  const fresh = await ask(data.refreshToken);
  if (fresh === null) {
    await vault.call('deletePersistentData', tokens);
    throw new LoginNeeded();
  }
  await vault.call('setPersistentData', { ...tokens, data: fresh });
}

const get = settings.careless ? careless : () => accessToken(vault, ask, settings.options);

for (let calls = 0; calls !== settings.calls; calls++) {
  try {
    tell({ got: (await get()) ?? null });
  } catch (error) {
    // A call that the sidecar did not answer, or a server that was not reached, is no end of the login.
    if (error instanceof LoginNeeded) tell({ loggedOut: true });
    else if (error?.data?.kind) tell({ refused: error.data.kind });
  }
  if (carries !== null) {
    carries = null;
    tell({ stored: true });
  }
  await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()));
}
const ended = once(sidecar, 'exit');
await vault.close();
await ended;
process.disconnect();
