// Times `get` and `store` from inside the editor: the vault's, and the editor's own, in turn in each round. Writes a page;
// `run` beside this file brings what it needs.

import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';

import { Browser, Server } from '../../editors/vscode/test/lib/editor.mjs';
import { Home } from '../../editors/vscode/test/lib/home.mjs';

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, out: { type: 'string' } } });
const rounds = Number(given.rounds);
/** Bytes of a value that is timed. */
const size = 200;
/** So many secrets, and so large, lie beside those that are timed in the second part. */
const [many, manySize] = [1000, 1024];
/** Calls of each kind a round, one after the other; fewer where each takes long. */
const [calls, callsAmong] = [40, 10];

const secrets = [
  ['store a secret', 'vault.store', 'secrets.store'],
  ['get a secret', 'vault.get', 'secrets.get'],
];
const state = [
  ['update state', 'memento.update', 'globalState.update'],
  ['get state', 'memento.get', 'globalState.get'],
];

const home = new Home();
let server, browser, few, among, version;
try {
  server = await Server.start(home);
  browser = await Browser.start(home);
  const window = await browser.open(server, home.folder('one'));
  const { app, node } = await window.do('window');
  version = `${app}, its extensions on Node ${node.slice(1)}`;
  few = await measure(window, [...secrets, ...state], calls);
  for (const whose of ['vault', 'editor']) await window.do('storeMany', many, manySize, whose);
  among = await measure(window, secrets, callsAmong);
} finally {
  await browser?.kill();
  await server?.kill();
  home.remove();
}

const page = `# The vault inside VS Code

Made by \`benches/vscode/run\`, which writes this page.
linux ${release()}, ${cpus().length} × ${cpus()[0].model.trim()}; ${version}; headless Chromium.

One extension times its own calls: the vault's (\`asSecretStorage()\`, \`asMemento('user')\`) and the editor's own
(\`context.secrets\`, \`context.globalState\`), values of ${size} bytes, each call awaited. Each of ${rounds} rounds has
${calls} calls of each kind, in turn. Every figure is the median of the rounds' medians, with the least and the greatest round
behind it; ratios are taken within rounds. Times depend on the machine; ratios are what to look at.

${table([...secrets, ...state], few)}

Among ${many.toLocaleString('en')} secrets of ${manySize.toLocaleString('en')} bytes, ${callsAmong} calls a round:

${table(secrets, among)}

## What an answer means

- When \`store\` or \`update\` of the vault is answered, the value is on the disk. In the same rounds the least that a disk takes
  for that, an append of as many bytes with \`fdatasync\`, took ${figure(few.append)} ms, and a \`store\`
  ${ratio(few['vault.store'], few.append)} times that.
- When those of the editor are answered, the window has the value, and nothing is synced: code-server's window lies in a browser,
  which writes it down some time later. A browser killed right after a secret was stored mostly loses it; a test of
  [editor.test.mjs](../editors/vscode/test/editor.test.mjs) kills one, and says what came of it.
- The desktop's VS Code keeps both in a file of its own, and was not measured.
- \`get\` of state comes out of memory on both sides.
`;
if (given.out) writeFileSync(given.out, page);
else process.stdout.write(page);

/** The medians of the rounds, in milliseconds, by call. */
async function measure(window, rows, calls) {
  const kinds = ['append', ...rows.flatMap(([, ours, theirs]) => [ours, theirs])];
  const medians = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (const kind of kinds) await window.do('time', kind, calls, size);
  for (let round = 0; round < rounds; round += 1) {
    // None of them is always the first one.
    const order = kinds.map((_, at) => kinds[(at + round) % kinds.length]);
    for (const kind of order) medians[kind].push(median(await window.do('time', kind, calls, size)));
  }
  return medians;
}

function table(rows, medians) {
  const lines = rows.map(
    ([what, ours, theirs]) =>
      `| ${what} | ${figure(medians[ours])} | ${figure(medians[theirs])} | ${ratio(medians[theirs], medians[ours])} |`,
  );
  return ['|  | the vault, ms | the editor, ms | the editor’s ÷ the vault’s |', '| --- | ---: | ---: | ---: |', ...lines].join('\n');
}

function ratio(ones, others) {
  return figure(ones.map((one, round) => one / others[round]));
}

function figure(each) {
  const sorted = [...each].sort((a, b) => a - b);
  return `${digits(median(each))} (${digits(sorted[0])} to ${digits(sorted.at(-1))})`;
}

function median(each) {
  const sorted = [...each].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits that count. */
function digits(number) {
  return number >= 100 ? number.toFixed(0) : String(Number(number.toPrecision(3)));
}
