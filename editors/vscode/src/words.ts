// Sizes, times, names and the like, as people read them.

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const steps = Math.min(3, Math.floor(Math.log10(count) / 3));
  const number = count / 1000 ** steps;
  return `${number < 9.95 ? number.toFixed(1) : Math.round(number)} ${['B', 'kB', 'MB', 'GB'][steps]}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A time of the protocol's, in the reader's own zone, to the minute. */
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
    command: 'a program of yours',
  };
  return kind === undefined ? 'nothing yet' : (names[kind] ?? kind);
}

/** What went wrong, in one line. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

const hidden = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]|\\(?=u\{)/gu;

/**
 * A name that a plugin has chosen, safe to read: a character that is invisible, moves the text or turns its direction round
 * is written as `\u{…}`, in the same way as in the tables of the command line.
 */
export function visible(name: string): string {
  return name.replace(hidden, (letter) => (letter === ' ' ? letter : `\\u{${letter.codePointAt(0)!.toString(16)}}`));
}

/** The same for messages and lists to pick from, where `[…](…)` would become a link and `$(…)` an icon. */
export function plain(name: string): string {
  return visible(name).replaceAll('](', '] (').replaceAll('$(', '$ (');
}
