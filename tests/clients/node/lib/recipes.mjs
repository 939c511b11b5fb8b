// The module that docs/recipes.md is, put together from its pieces as they stand there.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const top = new URL('../../../../', import.meta.url);

/** The JavaScript in a page, with this version of the client in the place of the one that it names. */
export function codeOf(page, major) {
  const blocks = [...readFileSync(new URL(page, top), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)];
  assert.ok(blocks.length > 0, `${page} has code`);
  const code = blocks.map(([, block]) => block).join('\n');
  const client = '"vscode-jsonrpc/node"';
  assert.ok(code.includes(client), `${page} names its client`);
  const path = createRequire(import.meta.url).resolve(`vscode-jsonrpc-${major}/node`);
  return code.replaceAll(client, JSON.stringify(pathToFileURL(path).href));
}

/** Writes it into a folder; gives its URL. */
export function writeRecipes(folder, major) {
  const path = join(folder, `recipes-${major}.mjs`);
  writeFileSync(path, codeOf('docs/recipes.md', major));
  return pathToFileURL(path).href;
}
