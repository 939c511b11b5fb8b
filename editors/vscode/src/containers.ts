// Warns the user once that the store is inside a container, where a rebuild deletes it.

import * as vscode from 'vscode';

import { secretsPlace } from '../../node/src/vscode/place';
import type { Host } from './host';

const quiet = 'quietInContainers';

export function warnInContainers(context: vscode.ExtensionContext, host: Host): void {
  const wanted = vscode.workspace.getConfiguration('pluginVault').get<boolean>('warnInContainers');
  if (!wanted || context.globalState.get(quiet)) return;
  const once = host.onDidOpen(async (sidecar) => {
    once.dispose();
    const status = await sidecar.status();
    if (secretsPlace(vscode.env.remoteName, status) !== 'container') return;
    const never = 'Don’t Show Again';
    const chosen = await vscode.window.showWarningMessage(
      `The private data of your extensions is stored inside this container, in ${status.dataDir}, and a rebuild deletes it. ` +
        'To keep it, set PLUGIN_VAULT_DATA_DIR and PLUGIN_VAULT_KEY_DIR to folders on a volume.',
      never,
    );
    if (chosen === never) await context.globalState.update(quiet, true);
  });
  context.subscriptions.push(once);
}
