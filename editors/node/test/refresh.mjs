// The README's lines on a token that changes with each use, behind this one.
// ---
import { setTimeout as pause } from 'node:timers/promises';

/** A good access token. `ask(refreshToken)` asks the server for new tokens, and gives `null` if it refuses the old one. */
export async function accessToken(vault, ask) {
  let refused = null;
  for (let look = 0; look < 300; look += 1) {
    const tokens = await vault.getPersistentData('user', { name: 'oauth' });
    if (!tokens) break;
    if (tokens.expiresAt > Date.now()) return tokens.accessToken;
    // Refused, since another window has spent it: that one stores its successor.
    if (tokens.refreshToken === refused) await pause(200);
    else refused = await vault.withLease('oauth', (lease) => refresh(vault, ask, lease));
  }
  throw new Error('Please log in again.');
}

async function refresh(vault, ask, lease) {
  const seen = await vault.getPersistentRecord('user', { name: 'oauth' });
  if (!seen || seen.data.expiresAt > Date.now()) return null;
  const fresh = await ask(seen.data.refreshToken);
  if (!fresh) return seen.data.refreshToken;
  await lease.replace('user', seen, fresh, { name: 'oauth' });
  return null;
}
