// Formats sizes, times and names for people.

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const steps = Math.min(3, Math.floor(Math.log10(count) / 3));
  const number = count / 1000 ** steps;
  return `${number < 9.95 ? number.toFixed(1) : Math.round(number)} ${['B', 'kB', 'MB', 'GB'][steps]}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A time of the protocol, in the user's time zone, to the minute. */
export function when(time: string): string {
  const at = new Date(time);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** A time as people say it: `5 minutes ago`, `yesterday`, `in 3 days`. The date if it is more than 30 days away. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 0];
  if (length === 0) return seconds > 0 ? 'in less than a minute' : 'just now';
  if (Math.abs(seconds) > 30 * 86_400) return when(time).slice(0, 10);
  return relative.format(Math.round(seconds / length), unit);
}

/** An installation's name for people. */
export function editor(installation: string): string {
  const names: Record<string, string> = {
    vscode: 'Visual Studio Code',
    'vscode-insiders': 'Visual Studio Code Insiders',
    'code-oss': 'Code - OSS',
    vscodium: 'VSCodium',
    theia: 'Theia',
    nvim: 'Neovim',
    neovim: 'Neovim',
    vim: 'Vim',
    emacs: 'Emacs',
    sublime: 'Sublime Text',
  };
  return names[installation] ?? installation;
}

/** What a record is, from its name: extensions of this editor store secrets and state under names with a prefix. */
export function recordName(name: string | undefined): { label: string; kind?: string } {
  if (name === undefined) return { label: 'Unnamed record' };
  const [, kind, key] = /^(secret|state):([^]*)$/.exec(name) ?? [];
  if (kind === undefined) return { label: name };
  return { label: /^#[0-9a-f]{64}$/.test(key) ? 'A long name' : key || 'An empty name', kind };
}

/** A protector's name for people. */
export function protector(kind: string | undefined): string {
  const names: Record<string, string> = {
    'key-file': 'a key file',
    keyring: 'the system’s keyring',
    passphrase: 'a passphrase',
    command: 'a program',
  };
  return kind === undefined ? 'nothing yet' : (names[kind] ?? kind);
}

/** The message of an error. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

const hidden = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]|\\(?=u\{)/gu;

/**
 * Makes a name that a plugin has chosen safe to read. A character that is invisible, moves the text or reverses its direction is
 * written as `\u{…}`, in the same way as in the tables of the command line.
 */
export function visible(name: string): string {
  return name.replace(hidden, (letter) => (letter === ' ' ? letter : `\\u{${letter.codePointAt(0)!.toString(16)}}`));
}

/** The same for messages and pick lists, where `[…](…)` would become a link and `$(…)` an icon. */
export function plain(name: string): string {
  return visible(name).replaceAll('](', '] (').replaceAll('$(', '$ (');
}
