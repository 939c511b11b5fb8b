// Prints the README of a package as the package contains it: `node readme.mjs FOLDER`. Links to pages of the package stay. A link that
// leaves its folder goes to the repository that package.json names, or, while there is none, becomes its text.

import { readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));

/** The address of the repository, without one that is only a place for it. */
function repositoryOf(folder) {
  const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const url = repository?.url?.replace(/^git\+|\.git$/g, '');
  return url === undefined || new URL(url).hostname.endsWith('.invalid') ? null : url;
}

/** The text of a README that is in `place`, a folder below the root of the repository, for the package. */
export function forPackage(text, place, repository) {
  const parts = text.split(/(^```.*?^```$|`[^`\n]*`)/ms);
  const link = /\[((?:[^[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)\s]+)\)/g;
  // Code between backquotes in a link's text would cut the link in two, so it is put aside.
  const code = [];
  const plain = parts.map((part, at) => (at % 2 === 0 ? part : `\0${code.push(part) - 1}\0`)).join('');
  const linked = plain.replace(link, (all, shown, target) => {
    const path = posix.normalize(posix.join(place, target));
    if (path.startsWith(`${place}/`)) return all;
    return repository === null ? shown : `[${shown}](${repository}/blob/main/${path})`;
  });
  return linked.replace(/\0(\d+)\0/g, (_, at) => code[at]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  process.stdout.write(forPackage(text, relative(top, folder).replaceAll('\\', '/'), repositoryOf(folder)));
}
