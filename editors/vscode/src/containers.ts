// A store inside a container goes when the container is rebuilt: whoever works in one is told, once.

import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';

import type { Host } from './host';
import { isOnTheRoot } from './mounts';

const quiet = 'quietInContainers';

export function warnInContainers(context: vscode.ExtensionContext, host: Host): void {
  const wanted = vscode.workspace.getConfiguration('pluginVault').get<boolean>('warnInContainers');
  if (!wanted || context.globalState.get(quiet) || !isInContainer()) return;
  const once = host.onDidOpen(async (sidecar) => {
    once.dispose();
    const { dataDir } = await sidecar.status();
    if (!isOnTheRoot(dataDir, mounts())) return;
    const never = 'Don’t Show Again';
    const chosen = await vscode.window.showWarningMessage(
      `The private data of your extensions lies inside this container, in ${dataDir}, and is lost when it is rebuilt. ` +
        'To keep it, put PLUGIN_VAULT_DATA_DIR and PLUGIN_VAULT_KEY_DIR on a volume.',
      never,
    );
    if (chosen === never) await context.globalState.update(quiet, true);
  });
  context.subscriptions.push(once);
}

function isInContainer(): boolean {
  const remote = ['dev-container', 'attached-container', 'codespaces'].includes(vscode.env.remoteName ?? '');
  // Docker's and Podman's own marks, and the variable that most others set.
  const marked = ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path));
  return remote || marked || Boolean(process.env.container);
}

function mounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
