// Every code block of the documentation is run, or tested elsewhere, or says why it is not run. README.md beside this file
// describes the markers.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';

import { blocksOf, isShown, pages, readMark, readPage, shownBy, top } from './lib/blocks.mjs';
import { newPlace, runners, sh } from './lib/runners.mjs';

const lines = (text) => text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined);

/** Compares what was printed with what the page shows. */
function compare(printed, shown) {
  const same = printed.length === shown.length && printed.every((line, at) => isShown(line, shown[at]));
  if (!same) assert.deepEqual(printed, shown);
}

/** Another test has the block if its file contains the code, or at least names the page. */
function assertTested(file, page, code) {
  assert.ok(existsSync(join(top, file)), `${file} exists`);
  const text = readFileSync(join(top, file), 'utf8');
  const flat = (some) => some.replace(/\s+/g, ' ').trim();
  assert.ok(flat(text).includes(flat(code)) || text.includes(basename(page)), `${file} has this code, or names ${basename(page)}`);
}

/** Runs a block, after the commands of its markers. */
function runBlock({ language, code }, before, output) {
  const place = newPlace();
  try {
    for (const command of before) sh(place, command);
    const printed = lines(runners[language](place, code));
    const shown = shownBy(code);
    if (shown.length > 0) compare(printed, shown);
    if (output !== undefined) compare(printed, lines(output.code));
  } finally {
    rmSync(place.folder, { recursive: true, force: true });
  }
}

/** Checks a block; `next` is the one behind it, which may be its output. */
function check(page, block, next) {
  const marks = block.marks.map((mark) => {
    const read = readMark(mark);
    assert.ok(read, `the marker is one of those that tests/docs/README.md describes: ${mark}`);
    return read;
  });
  const [first] = marks;
  if (first?.kind === 'tested by') return assertTested(first.text, page, block.code);
  if (first?.kind === 'not run') return assert.ok(first.text.length >= 20, 'the reason says something');
  assert.ok(block.language in runners, `a block in "${block.language}" needs a marker`);
  const isOutput = next !== undefined && next.marks.some((mark) => mark === 'output');
  runBlock(block, marks.map(({ text }) => text), isOutput ? next : undefined);
}

let count = 0;
for (const page of pages()) {
  const blocks = blocksOf(readPage(page));
  count += blocks.length;
  // Figures, formulas and messages are no code. The output of a block is compared where that block is run.
  const code = blocks.filter(({ language, marks }) => language !== 'text' && !marks.includes('output'));
  if (code.length === 0) continue;
  describe(page, () => {
    for (const block of code) {
      const next = blocks[blocks.indexOf(block) + 1];
      test(`line ${block.line}, ${block.language || 'no language'}`, () => check(page, block, next));
    }
  });
}

test('the pages were found', () => assert.ok(count > 150, `${count} blocks`));

test('a block is found with its markers, and without its indentation', () => {
  const text = '1. One\n   <!-- code: before true -->\n\n   ```sh\n   a\n     b\n   ```\n\ntext\n\n```\nc\n```\n';
  assert.deepEqual(blocksOf(text), [
    { language: 'sh', line: 4, marks: ['before true'], code: 'a\n  b\n' },
    { language: '', line: 11, marks: [], code: 'c\n' },
  ]);
  assert.deepEqual(blocksOf('<!-- code of this page: tested by x -->\n```sh\n```')[0].marks, ['tested by x']);
});

test('a block that prints something else, fails, or has an unknown marker is found', () => {
  const wrong = (language, code, marks = []) => assert.throws(() => check('docs/x.md', { language, code, marks }));
  wrong('sh', 'echo one # → two\n');
  wrong('sh', 'false\necho one\n');
  wrong('sh', 'echo one # → one\n# → two\n');
  wrong('json', '{"a": 1,}\n');
  wrong('rust', 'fn main() {}\n');
  wrong('', 'x\n');
  wrong('sh', 'true\n', ['not run']);
  wrong('sh', 'true\n', ['not run, no']);
  wrong('sh', 'true\n', ['tested by tests/docs/docs.test.mjs.missing']);
  check('docs/x.md', { language: 'sh', code: 'echo one and two # → one … two\n', marks: [] });
});
