// The README's code for a token that changes with each use follows these lines.
const server = process.env.EXAMPLE_SERVER;
// ---
import { LoginNeeded, openVault } from 'plugin-vault';

const vault = await openVault({ plugin: 'me.my-plugin', installation: 'my-editor' });

const tokens = vault.tokens({
  name: 'oauth',
  // Returns the new tokens, or null if the server refuses the old ones.
  refresh: async ({ refreshToken }) => {
    const form = { grant_type: 'refresh_token', client_id: 'my-client', refresh_token: refreshToken };
    const response = await fetch(`${server}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const answer = await response.json();
    if (answer.error === 'invalid_grant') return null;
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return fromServer(answer, refreshToken);
  },
});

/** Tokens as they are stored. `expiresAt` is the time by the local clock. */
const fromServer = ({ access_token, refresh_token, expires_in }, oldToken) => ({
  accessToken: access_token,
  refreshToken: refresh_token ?? oldToken,
  expiresAt: expires_in && Date.now() + (expires_in - 30) * 1000,
});

export const login = async (answer) => tokens.set(fromServer(answer));
export const logout = () => tokens.clear();

/** Calls the service. Signs the user in if necessary. */
export async function call(path, signIn, rejected) {
  try {
    const current = await tokens.get({ rejected });
    const response = await fetch(server + path, { headers: { authorization: `Bearer ${current.accessToken}` } });
    // The service rejects tokens that look fresh: refresh them, once.
    return response.status === 401 && !rejected ? call(path, signIn, current) : response;
  } catch (error) {
    if (!(error instanceof LoginNeeded)) throw error;
    await signIn();
    return call(path, signIn, rejected);
  }
}
