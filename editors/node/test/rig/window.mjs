// One window of an editor: a process with a sidecar. It needs an access token again and again, and gets it with `vault.tokens`, or in
// the careless way in which tokens are lost. It reports which token each call gave, and when the server's answer is stored or
// dropped. `calls` is the number of calls; without it there is no end.

import { LoginNeeded, openVault } from 'plugin-vault';

const settings = JSON.parse(process.env.WINDOW);
process.env.PLUGIN_VAULT_FAULT = settings.fault;
const tell = (message) => process.send(message);

const vault = await openVault({ ...settings.open, log: (line) => process.stderr.write(`${line}\n`) });

const set = vault.setPersistentData;
vault.setPersistentData = async (...args) => {
  const result = await set(...args);
  // An answered write is stored, whatever happens now.
  if (Math.random() < settings.killAfterStoring) process.kill((await vault.sidecar.connection()).pid, 'SIGKILL');
  return result;
};

/** What this window has in its memory and not yet in the store. */
let carries = null;

async function refresh({ refreshToken }) {
  const answer = await fetch(settings.server, { method: 'POST', headers: { window: settings.name }, body: refreshToken });
  if (answer.status === 400) return null;
  carries = await answer.json();
  return carries;
}

/** No lease, no second read, and a refused token is taken for the end of the login. */
async function careless() {
  const data = await vault.getPersistentData('user', { name: 'oauth' });
  if (data === null) throw new LoginNeeded('missing');
  if (data.expiresAt > Date.now()) return data;
  const fresh = await refresh(data);
  if (fresh === null) {
    await vault.deletePersistentData('user', { name: 'oauth' });
    throw new LoginNeeded('refused');
  }
  await vault.setPersistentData('user', fresh, { name: 'oauth' });
  return fresh;
}

const tokens = vault.tokens({ name: 'oauth', refresh, ...settings.options });
const get = settings.careless ? careless : () => tokens.get();

for (let calls = 0; calls !== settings.calls; calls++) {
  try {
    tell({ got: (await get()).accessToken });
  } catch (error) {
    // Neither a call that the sidecar did not answer nor a server that was not reached ends the login.
    if (error instanceof LoginNeeded) tell({ loggedOut: true });
    else if (error?.code !== undefined && error?.kind) tell({ refused: error.kind });
  }
  if (carries !== null) {
    carries = null;
    tell({ stored: true });
  }
  await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()));
}
await vault.close();
process.disconnect();
