// Ten lines of an extension that keeps a token.
const vscode = require('vscode');

exports.signIn = async (context, token) => {
  const extension = vscode.extensions.getExtension('plugin-vault.plugin-vault');
  const api = await extension.activate();
  const vault = await api.open(context);
  const secrets = vault.asSecretStorage(); // instead of context.secrets
  secrets.onDidChange(({ key }) => console.log(`${key} was changed, here or in another window`));
  await secrets.store('token', token); // on the disk when this resolves
  const state = await vault.asMemento('workspace'); // instead of context.workspaceState
  await state.update('signedIn', true);
};
