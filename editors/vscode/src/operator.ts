// What the user of the store may do without any plugin's key: the program's command line, run to its end. The program
// never shows a key here, and nothing of what it says is logged.

import { execFile } from 'node:child_process';
import { workingFolder } from 'plugin-vault';

/** A key of the store, as `plugin-vault key list --json` shows it. */
export interface ListedKey {
  keyId: string;
  plugin?: string;
  installation?: string;
  label?: string;
  issuedAt?: string;
  expiresAt?: string;
  owner: boolean;
  state: 'live' | 'expired' | 'damaged';
  records: number;
  bytes: number;
  lastWriteAt?: string;
}

/** Where a record lies, as `plugin-vault key records --json` shows it. */
export interface ListedPlace {
  context: 'user' | 'workspace';
  workspaceFolder?: string;
  name?: string;
  bytes: number;
  updatedAt: string;
  expiresAt?: string;
}

/** The command line failed. The message is the program's own line, which names no key and no value. */
export class OperatorError extends Error {}

const patienceMs = 60_000;

export class Operator {
  /** `binary` is asked for each time: the setting may change. */
  constructor(private readonly binary: () => string) {}

  keys(): Promise<ListedKey[]> {
    return this.key('list');
  }

  records(plugin: string, installation: string): Promise<ListedPlace[]> {
    return this.key('records', plugin, installation);
  }

  revoke(keyId: string): Promise<{ destroyed: boolean }> {
    return this.key('revoke', keyId);
  }

  forget(plugin: string): Promise<{ destroyed: number }> {
    return this.key('forget', plugin);
  }

  /** The file must not be there yet. */
  async backUp(file: string): Promise<void> {
    await this.run(['backup', '--', file]);
  }

  private async key<R>(command: string, ...names: string[]): Promise<R> {
    return JSON.parse(await this.run(['key', command, '--json', '--', ...names])) as R;
  }

  private run(args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      // Nobody is asked for a passphrase behind the user's back: that is what the command Unlock is for.
      const { PLUGIN_VAULT_ASKPASS: _, ...env } = process.env;
      const options = { cwd: workingFolder(), env, timeout: patienceMs, windowsHide: true, maxBuffer: Infinity };
      const child = execFile(this.binary(), args, options, (error, shown, complaint) => {
        if (!error) return resolve(shown);
        const line = complaint.trim().split('\n').pop()?.replace(/^(plugin-vault|error): /, '');
        reject(new OperatorError(line || `plugin-vault could not be run (${error.code ?? error.signal})`));
      });
      child.stdin!.on('error', () => {}).end();
    });
  }
}
