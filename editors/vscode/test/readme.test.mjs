// Compares the README with the tested code.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');

test('the README shows the code that the probe runs in the editor', () => {
  const [, shown] = /```js\n([^]*?)```/.exec(readme);
  assert.equal(shown, read('probe/first.js'));
});

test('the pictures of the README exist and are small', () => {
  const pictures = [...readme.matchAll(/"(media\/readme\/[\w-]+\.png)"/g)].map(([, path]) => path);
  assert.ok(pictures.length >= 6);
  for (const path of pictures) assert.ok(readme.includes(path.replace('light', 'dark')) && readme.includes(path.replace('dark', 'light')), path);
  for (const path of pictures) assert.ok(statSync(new URL(`../${path}`, import.meta.url)).size < 150_000, path);
});

test('the README names each command and setting', () => {
  const { contributes } = JSON.parse(read('../package.json'));
  for (const { title } of contributes.commands) if (title !== 'Refresh') assert.ok(readme.includes(title), title);
  for (const name of Object.keys(contributes.configuration.properties)) assert.ok(readme.includes(name), name);
});
