// Questions before something is lost. The button that Enter presses never loses anything.

import * as vscode from 'vscode';

/** Whether the user chooses `yes`. `no` is the first button, if there is one. */
export async function confirmed(question: string, detail: string, yes: string, no = 'Keep It'): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, no, yes)) === yes;
}

/** The same. The first button makes a backup, after which the question is asked again. */
export async function confirmedLoss(question: string, detail: string, yes: string, saved: () => Promise<boolean>): Promise<boolean> {
  const first = 'Back Up First…';
  for (;;) {
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail }, first, yes);
    if (chosen !== first) return chosen === yes;
    if (!(await saved())) return false;
  }
}
