// Whether the store is inside a container, where a rebuild deletes it; warns the user of that once.

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
    const { dataDir, relay } = await sidecar.status();
    // Through a relay, the store is outside of the container.
    if (relay || !endsWithContainer(dataDir)) return;
    const never = 'Don’t Show Again';
    const chosen = await vscode.window.showWarningMessage(
      `The private data of your extensions is stored inside this container, in ${dataDir}, and a rebuild deletes it. ` +
        'To keep it, set PLUGIN_VAULT_DATA_DIR and PLUGIN_VAULT_KEY_DIR to folders on a volume.',
      never,
    );
    if (chosen === never) await context.globalState.update(quiet, true);
  });
  context.subscriptions.push(once);
}

/** Whether a rebuild of the container deletes this folder. */
export function endsWithContainer(folder: string): boolean {
  return isInContainer() && isOnTheRoot(folder, mounts());
}

function isInContainer(): boolean {
  const remote = ['dev-container', 'attached-container', 'codespaces'].includes(vscode.env.remoteName ?? '');
  // Files that Docker and Podman create, and a variable that most others set.
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
