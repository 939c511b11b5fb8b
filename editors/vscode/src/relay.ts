// A store on the user's own machine, at the other end of `plugin-vault relay`.

/** Where an extension's id goes in the setting: a relay is for one plugin. */
const EXTENSION = '${extension}';

/** The socket of the relay for an extension. `undefined` if the setting names none: then the program reads its variable. */
export function socketFor(setting: string, plugin: string | undefined): string | undefined {
  if (setting === '') return undefined;
  if (!setting.includes(EXTENSION)) return setting;
  return plugin === undefined ? undefined : setting.replaceAll(EXTENSION, plugin);
}

/** Whether each extension has a relay, and so a process, of its own. */
export function isForEachExtension(setting: string): boolean {
  return setting.includes(EXTENSION);
}
