// Uses the extension's exports where no process can run, and shows the results in a message that the test reads.

const vscode = require('vscode');

exports.activate = async (context) => {
  const api = await vscode.extensions.getExtension('plugin-vault.plugin-vault').activate();
  const without = await api.open(context).catch(({ name, kind }) => [name, kind]);
  const vault = await api.open(context, { fallback: 'editor' });
  const secrets = vault.asSecretStorage();
  await secrets.store('token', 'hunter2');
  const user = await vault.asMemento('user');
  const workspace = await vault.asMemento('workspace');
  user.setKeysForSync([]);
  workspace.setKeysForSync([]);
  await user.update('where', 'here');
  await workspace.update('where', 'there');
  const report = {
    host: typeof process === 'undefined' && typeof importScripts === 'function' ? 'worker' : 'another',
    without,
    kept: vault.kept,
    vault: kindOf(() => vault.vault),
    keys: await secrets.keys(),
    moved: await vault.moveState('user'),
    secret: await context.secrets.get('token'),
    states: [context.globalState.get('where'), context.workspaceState.get('where')],
  };
  vscode.window.showInformationMessage(`Report: ${JSON.stringify(report)}`);
};

function kindOf(read) {
  try {
    return typeof read();
  } catch ({ kind }) {
    return kind;
  }
}
