// Runs the program's command line, which gives the user of the store access without any plugin's key. These commands never print
// a key, and their output is not logged.

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

/** The address and size of a record, as `plugin-vault key records --json` shows it. */
export interface ListedPlace {
  context: 'user' | 'workspace';
  workspaceFolder?: string;
  name?: string;
  bytes: number;
  updatedAt: string;
  expiresAt?: string;
}

/** A record of a plugin whose key the store keeps. */
export interface RecordAddress {
  plugin: string;
  installation: string;
  place: ListedPlace;
}

function named({ plugin, installation, place: { workspaceFolder, name } }: RecordAddress): string[] {
  const folder = workspaceFolder === undefined ? [] : [`--workspace=${workspaceFolder}`];
  return [`--plugin=${plugin}`, `--installation=${installation}`, ...(name === undefined ? [] : [`--name=${name}`]), ...folder];
}

/** The command failed. The message is the program's own last line, which contains no key and no value. */
export class OperatorError extends Error {}

/** Milliseconds after which a command is ended. */
const timeoutMs = 60_000;

export class Operator {
  /** `binary` is called for each command: the setting may change. */
  constructor(private readonly binary: () => string) {}

  keys(): Promise<ListedKey[]> {
    return this.key(['list']);
  }

  records(plugin: string, installation: string): Promise<ListedPlace[]> {
    return this.key(['records'], plugin, installation);
  }

  revoke(keyId: string): Promise<{ destroyed: boolean }> {
    return this.key(['revoke', '--yes'], keyId);
  }

  forget(plugin: string): Promise<{ destroyed: number }> {
    return this.key(['forget', '--yes'], plugin);
  }

  async deleteRecord(record: RecordAddress): Promise<void> {
    await this.run(['delete', '--yes', ...named(record)]);
  }

  /** The object of a record, as JSON text. Only for the user's clipboard. */
  async read(record: RecordAddress): Promise<string> {
    return (await this.run(['get', ...named(record)])).trimEnd();
  }

  /** The file must not exist yet. */
  async backUp(file: string): Promise<void> {
    await this.run(['backup', '--', file]);
  }

  async restore(file: string): Promise<void> {
    await this.run(['restore', '--yes', '--', file]);
  }

  async addPassphrase(passphrase: string): Promise<void> {
    await this.run(['protector', 'add', 'passphrase'], `${passphrase}\n`);
  }

  async addKeyring(): Promise<void> {
    await this.run(['protector', 'add', 'keyring']);
  }

  /** The program tests first that something else opens the store. A passphrase is needed for that. */
  async removeKeyFile(passphrase?: string): Promise<void> {
    const args = ['protector', 'remove', 'key-file', '--yes'];
    if (passphrase === undefined) await this.run(args);
    else await this.run([...args, '--passphrase-fd', '0'], `${passphrase}\n`);
  }

  private async key<R>(command: string[], ...names: string[]): Promise<R> {
    return JSON.parse(await this.run(['key', ...command, '--json', '--', ...names])) as R;
  }

  /** Passphrases go through standard input: other processes of the user can see arguments. */
  private run(args: string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      // A command in the background must not ask for a passphrase: the command Unlock does that.
      const { PLUGIN_VAULT_ASKPASS: _, ...env } = process.env;
      const options = { cwd: workingFolder(), env, timeout: timeoutMs, windowsHide: true, maxBuffer: Infinity };
      const child = execFile(this.binary(), args, options, (error, shown, complaint) => {
        if (!error) return resolve(shown);
        reject(new OperatorError(sentence(complaint) || `plugin-vault could not be run (${error.code ?? error.signal})`));
      });
      child.stdin!.on('error', () => {}).end(input);
    });
  }
}

/** What the last line of a command says: with `--json` it is an object with the message. */
function sentence(complaint: string): string {
  const line = complaint.trim().split('\n').pop() ?? '';
  try {
    return (JSON.parse(line) as { message: string }).message;
  } catch {
    return line.replace(/^(plugin-vault|error): /, '');
  }
}
