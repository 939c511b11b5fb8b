// Makes the table of bindings and cases from the outcomes that the bindings' tests have written, prints it, and compares it with
// the one in editors/README.md. `UPDATE=1` writes it there. A binding that was not run keeps its column.
//
// node table.mjs FOLDER-OF-OUTCOMES

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadCases } from './run.mjs';

const MARKS = { passed: '✓', 'not offered': '–', failed: '✗' };
const BEGIN = '<!-- bindings: made by `UPDATE=1 tests/run` -->\n';
const END = '<!-- end of bindings -->';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));
const text = readFileSync(readme, 'utf8');
const [head, rest] = text.split(BEGIN);
const [table, tail] = rest.split(END);

const columns = readColumns(table);
const run = new Set();
for (const file of readdirSync(process.argv[2])) {
  const { name, outcomes } = JSON.parse(readFileSync(join(process.argv[2], file), 'utf8'));
  columns.set(name, new Map(Object.entries(outcomes).map(([title, outcome]) => [title, MARKS[outcome]])));
  run.add(name);
}
const names = [...columns.keys()].sort();
const made = writeTable(names);
console.log(made);
for (const name of names) {
  const marks = loadCases().map((each) => columns.get(name).get(`${each.tier}: ${each.name}`));
  const full = marks.every((mark) => mark === '✓' || mark === '–');
  if (run.has(name)) console.log(`${full ? 'ok' : 'WRONG'} ${name}: every case passes, or is not offered`);
  else console.log(`${name} was not run; its column is the one in the README`);
}
if (process.env.UPDATE) writeFileSync(readme, head + BEGIN + made + END + tail);
const same = process.env.UPDATE || made === table;
console.log(`${same ? 'ok' : 'WRONG'} the table is the one in editors/README.md`);
process.exitCode = same ? 0 : 1;

/** The columns of a table: for each binding, the mark of each case. */
function readColumns(table) {
  const rows = table.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('|-'));
  const cells = rows.map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()));
  const [, ...bindings] = cells.shift() ?? [''];
  return new Map(bindings.map((name, at) => [name, new Map(cells.map((row) => [row[0], row[at + 1]]))]));
}

function writeTable(names) {
  const row = (cells) => `| ${cells.join(' | ')} |\n`;
  const cases = loadCases().map((each) => `${each.tier}: ${each.name}`);
  const marks = (title) => names.map((name) => columns.get(name).get(title) ?? ' ');
  return (
    row(['case', ...names]) +
    `|---${'|:-:'.repeat(names.length)}|\n` +
    cases.map((title) => row([title, ...marks(title)])).join('')
  );
}
