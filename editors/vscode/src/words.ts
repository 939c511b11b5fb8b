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
