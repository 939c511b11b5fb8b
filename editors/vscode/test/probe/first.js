// Ten lines of an extension that keeps a token.
const vscode = require('vscode');

exports.signIn = async (context, token) => {
  const extension = vscode.extensions.getExtension('plugin-vault.plugin-vault');
  const api = await extension.activate();
  const vault = await api.open(context);
  const secrets = vault.asSecretStorage(); // in the place of context.secrets
  secrets.onDidChange(({ key }) => console.log(`${key} was changed, here or in another window`));
  await secrets.store('token', token); // on the disk, when this is done
  const state = await vault.asMemento('workspace'); // in the place of context.workspaceState
  await state.update('signedIn', true);
};
