// An extension that signs in, refreshes its token once for three callers, keeps state for a folder, and signs out.
const vscode = require('vscode');
const { LoginNeeded, openVault } = require('plugin-vault/vscode');

let vault;
exports.activate = async (context) => {
  vault = await openVault(context, { fallback: 'editor' });
  const ask = async (form) => {
    const server = process.env.EXAMPLE_SERVER ?? 'https://auth.example.com';
    const response = await fetch(`${server}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const { error, access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = await response.json();
    if (error === 'invalid_grant') return null; // the server refuses the code or the token
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return { accessToken, refreshToken, expiresAt: Date.now() + seconds * 1000 };
  };
  const refresh = ({ refreshToken }) => ask({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const tokens = vault.tokens({ name: 'login', refresh });
  const commands = {
    signIn: async () => {
      const code = await vscode.window.showInputBox({ prompt: 'The code from the browser' });
      if (code) await tokens.set(await ask({ grant_type: 'authorization_code', code }));
    },
    call: async () => {
      const [{ accessToken }] = await Promise.all([tokens.get(), tokens.get(), tokens.get()]); // one refresh, in all windows
      const state = await vault.asMemento('workspace');
      await state.update('calls', state.get('calls', 0) + 3);
      return `Called with ${accessToken}, ${state.get('calls')} times in this folder.`;
    },
    signOut: () => tokens.clear(),
  };
  const explain = (error) => (error instanceof LoginNeeded ? 'Sign in first.' : error.message);
  for (const [name, run] of Object.entries(commands)) {
    const command = () => run().then((text) => text ?? 'Done.', explain).then(vscode.window.showInformationMessage);
    context.subscriptions.push(vscode.commands.registerCommand(`example.${name}`, command));
  }
};
exports.deactivate = () => vault?.close();
