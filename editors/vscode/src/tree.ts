// The view "Private Data". While it is shown, it updates when the store changes.

import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { Status } from 'plugin-vault';
import * as vscode from 'vscode';

import { installation } from '../../node/src/vscode/window';
import { plugins, protection, type Here, type Node } from './nodes';
import type { Host } from './host';
import type { ListedKey } from './operator';
import { reason } from './words';

/** Milliseconds in which several writes become one update of the view. */
const settleMs = 300;
/** How often one update reads the store, while more updates are asked for. */
const mostReads = 5;

const nothing: Node = {
  kind: 'note',
  label: 'No extension has stored private data yet',
  icon: 'info',
  command: 'pluginVault.openWalkthrough',
};

export class PrivateData implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private watcher: FSWatcher | undefined;
  private settling: NodeJS.Timeout | undefined;
  /** How often an update was asked for. */
  private updates = 0;

  constructor(private readonly host: Host) {}

  refresh(): void {
    this.updates += 1;
    this.changed.fire();
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const { Collapsed, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children ? Collapsed : None);
    // It stays open when its label changes.
    if (node.kind === 'protection') item.id = node.kind;
    item.description = node.description;
    item.tooltip = node.tooltip;
    item.iconPath = new vscode.ThemeIcon(node.icon);
    item.contextValue = node.kind;
    if (node.command) item.command = { command: node.command, title: node.label };
    return item;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    try {
      if (node) return typeof node.children === 'function' ? await node.children() : (node.children ?? []);
      return await this.latest();
    } catch (error) {
      return [{ kind: 'note', label: reason(error), icon: 'error' }];
    }
  }

  /** The editor shows what it gets last, and an earlier update may take longer than a later one: so an outdated one reads again. */
  private async latest(): Promise<Node[]> {
    for (let reads = 1; ; reads += 1) {
      const updates = this.updates;
      const roots = await this.roots();
      if (updates === this.updates || reads === mostReads) return roots;
    }
  }

  private async roots(): Promise<Node[]> {
    const status = await (await this.host.sidecar()).status();
    // A note instead of a welcome view: once a view was empty, Theia keeps showing the welcome view.
    if (status.storeId === undefined) return [nothing];
    this.follow(status);
    const top = protection(status);
    if (!status.keyAvailable) {
      const unlock: Node = { kind: 'note', label: 'Unlock…', icon: 'unlock', command: 'pluginVault.unlock' };
      return [top, unlock];
    }
    const records = (key: ListedKey) => this.host.operator.records(key.plugin!, key.installation!);
    const here: Here = {
      installation: installation({ env: vscode.env }),
      has: (plugin) => vscode.extensions.getExtension(plugin) !== undefined,
    };
    return [top, ...plugins(await this.host.operator.keys(), records, here)];
  }

  /** Every process that commits changes this file. */
  private follow(status: Status): void {
    if (this.watcher) return;
    try {
      this.watcher = watch(join(status.dataDir, 'bell'), { persistent: false }, () => {
        this.settling ??= setTimeout(() => {
          this.settling = undefined;
          this.refresh();
        }, settleMs);
      });
      this.watcher.on('error', () => this.rest());
    } catch {
      // If the file can't be watched, the user has the button Refresh.
    }
  }

  /** Stops following the store while the view is hidden. */
  rest(): void {
    this.watcher?.close();
    this.watcher = undefined;
    clearTimeout(this.settling);
    this.settling = undefined;
  }

  dispose(): void {
    this.rest();
    this.changed.dispose();
  }
}
