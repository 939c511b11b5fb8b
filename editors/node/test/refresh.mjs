// The README's code for a token that changes with each use follows this line.
// ---
import { setTimeout as pause } from 'node:timers/promises';

/** A valid access token. `ask(refreshToken)` asks the server for new tokens, and returns `null` if it refuses the old one. */
export async function accessToken(vault, ask) {
  let refused;
  for (let look = 0; look < 300; look += 1) {
    const tokens = await vault.getPersistentData('user', { name: 'oauth' });
    if (!tokens) break;
    if (tokens.expiresAt > Date.now()) return tokens.accessToken;
    if (tokens.refreshToken === refused) {
      // Another window has spent the token, and is about to store its successor.
      await pause(200);
      continue;
    }
    const outcome = await vault.withLease('oauth', (lease) => refresh(vault, ask, lease));
    // Tokens that the server has just given are used whatever their date: one refresh for each call.
    if (outcome.tokens) return outcome.tokens.accessToken;
    refused = outcome.refused;
  }
  throw new Error('Please log in again.');
}

async function refresh(vault, ask, lease) {
  const seen = await vault.getPersistentRecord('user', { name: 'oauth' });
  if (!seen || seen.data.expiresAt > Date.now()) return {};
  const fresh = await ask(seen.data.refreshToken);
  if (!fresh) return { refused: seen.data.refreshToken };
  // Nothing is stored if the user has logged out or in again meanwhile.
  const { stored } = await lease.replace('user', seen, fresh, { name: 'oauth' });
  return { tokens: stored ? fresh : await vault.getPersistentData('user', { name: 'oauth' }) };
}
