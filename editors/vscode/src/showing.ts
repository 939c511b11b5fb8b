// Whether the view is shown. An extension that is only there because others depend on it shows no icon and no walkthrough before the
// user opens the view for the first time.

import * as vscode from 'vscode';

const shown = 'shown';

export class Showing {
  constructor(private readonly context: vscode.ExtensionContext) {
    if (context.globalState.get(shown)) void this.set();
  }

  /** Shows the icon from now on, in all windows that are opened later. */
  async begin(): Promise<void> {
    await this.set();
    await this.context.globalState.update(shown, true);
  }

  private set(): Thenable<unknown> {
    return vscode.commands.executeCommand('setContext', 'pluginVault.shown', true);
  }
}
