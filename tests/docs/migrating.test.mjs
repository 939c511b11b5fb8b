// The code of docs/migrating.md that needs an editor's object, with one of the tests in its place.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';

import { blocksOf, readPage } from './lib/blocks.mjs';
import { newPlace, runners } from './lib/runners.mjs';

test('moveState moves each value, and replaces nothing that is stored', () => {
  const { code } = blocksOf(readPage('docs/migrating.md')).find((block) => block.code.includes('function moveState'));
  const place = newPlace();
  const program = `import { openVault } from 'plugin-vault';
${code}
const values = new Map([['seen', true], ['count', 3]]);
const state = {
  keys: () => [...values.keys()],
  get: (name) => values.get(name),
  update: async (name, value) => (value === undefined ? values.delete(name) : values.set(name, value)),
};
const vault = await openVault({ plugin: 'me.notes', installation: 'my-editor' });
await vault.setPersistentData('user', { value: 4 }, { name: 'count' });
await moveState(state, vault);
await moveState(state, vault);
for (const name of ['seen', 'count']) console.log(JSON.stringify(await vault.getPersistentData('user', { name })));
console.log(values.size);
await vault.close();
`;
  try {
    assert.equal(runners.js(place, program), '{"value":true}\n{"value":4}\n0\n');
  } finally {
    rmSync(place.folder, { recursive: true, force: true });
  }
});
