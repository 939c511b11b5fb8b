// The code blocks of the documentation, each with what its marker says about it. tests/docs/README.md describes the markers.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = fileURLToPath(new URL('../../../', import.meta.url));

/** Folders of other projects, of builds, and of decisions, which have no code. */
const LEFT_OUT = new Set(['node_modules', 'target', 'bin', 'packed', 'decisions']);

/** The paths of all pages, from the root of the repository. */
export function pages(folder = top) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') || LEFT_OUT.has(entry.name) ? [] : pages(path);
      return entry.name.endsWith('.md') ? [relative(top, path)] : [];
    })
    .sort();
}

const MARKER = /^\s*<!-- code: (.*) -->$/;
const PAGE_MARKER = /^<!-- code of this page: (.*) -->$/m;
const FENCE = /^(\s*)```(.*)$/;

/** The blocks of a text: `language`, `code`, `line`, and `marks`, the markers above it. */
export function blocksOf(text) {
  const ofPage = text.match(PAGE_MARKER)?.[1];
  const blocks = [];
  let marks = [];
  let open = null;
  text.split('\n').forEach((line, at) => {
    const fence = line.match(FENCE);
    if (open !== null && fence === null) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart());
    } else if (open !== null) {
      const { lines, indent: _, ...block } = open;
      blocks.push({ ...block, code: lines.map((one) => `${one}\n`).join('') });
      open = null;
    } else if (fence !== null) {
      const own = marks.length === 0 && ofPage !== undefined ? [ofPage] : marks;
      open = { language: fence[2].trim(), line: at + 1, marks: own, indent: fence[1], lines: [] };
      marks = [];
    } else if (MARKER.test(line)) {
      marks.push(line.match(MARKER)[1]);
    } else if (line.trim() !== '') {
      marks = [];
    }
  });
  return blocks;
}

export const readPage = (page) => readFileSync(join(top, page), 'utf8');

/** What a marker says: one of `before`, `output`, `tested by` and `not run`, with its text. `null` if it is none of these. */
export function readMark(mark) {
  const found = mark.match(/^(?:(before|tested by) (.+)|(not run), (.+)|(output))$/);
  if (found === null) return null;
  const [, word, text, not, reason, output] = found;
  return { kind: word ?? not ?? output, text: text ?? reason ?? '' };
}

/** The output that a block shows in its comments: what follows `→ ` in each line. */
export const shownBy = (code) =>
  code.split('\n').flatMap((line) => line.match(/^.*(?:#|\/\/|--|"|;;?) → (.*)$/)?.slice(1) ?? []);

/** Whether a printed line is the shown one, in which `…` stands for any text. */
export function isShown(printed, shown) {
  const parts = shown.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(printed);
}
