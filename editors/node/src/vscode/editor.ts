// The parts of the editor's API that are used, and its place. They are passed in, so that the fake runs without an editor.

import type * as vscode from 'vscode';

import { secretsPlace, type SecretsPlace, type StoreStatus } from './place';

type Api = Omit<Editor, 'placeOf'>;

export interface Editor {
  readonly EventEmitter: new <T>() => vscode.EventEmitter<T>;
  readonly env: { readonly uriScheme: string };
  readonly workspace: {
    readonly workspaceFile: { toString(): string } | undefined;
    readonly workspaceFolders: readonly { readonly uri: { toString(): string } }[] | undefined;
    readonly onDidChangeWorkspaceFolders: (listener: () => void) => vscode.Disposable;
  };
  /** Where the secrets of a store with this status are. */
  placeOf(status: StoreStatus): SecretsPlace;
}

/** The real editor. */
export function editorOf(api: Api & { readonly env: { readonly remoteName: string | undefined } }): Editor {
  const { EventEmitter, env, workspace } = api;
  return { EventEmitter, env, workspace, placeOf: (status) => secretsPlace(env.remoteName, status) };
}

/** The URIs of the open folders. */
export function folders(editor: Pick<Editor, 'workspace'>): string[] {
  return (editor.workspace.workspaceFolders ?? []).map(({ uri }) => uri.toString());
}
