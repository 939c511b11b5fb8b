// Runs the conformance suite in every editor of a kind, and shows that a wrong answer fails.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { keepOutcomes, loadCases } from '../../../conformance/run.mjs';
import { binary, editorsOf, Home } from './editors.mjs';

const SCRIPTS = { neovim: 'conformance.lua', vim: 'conformance.vim' };

/** Makes a store that a passphrase alone opens. */
function guard(home, passphrase) {
  const run = (args, input) => {
    const { status, stderr } = spawnSync(binary, args, { env: home.env(), input, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  run(['set', 'conformance.first'], '{}\n');
  run(['protector', 'add', 'passphrase', '--new-passphrase-fd', '0'], `${passphrase}\n`);
  run(['protector', 'remove', 'key-file', '--yes', '--passphrase-fd', '0'], `${passphrase}\n`);
}

/** The outcomes of cases in one editor. A case with a passphrase has a store of its own. */
async function run(editor, cases, form) {
  const outcomes = await runIn(editor, cases.filter((each) => !each.passphrase), form);
  for (const each of cases.filter(({ passphrase }) => passphrase)) Object.assign(outcomes, await runIn(editor, [each], form));
  return outcomes;
}

async function runIn(editor, cases, form) {
  const home = new Home();
  const scratch = mkdtempSync(join(tmpdir(), 'vault-cases-'));
  try {
    if (cases[0].passphrase) guard(home, cases[0].passphrase);
    const [CASES, OUTCOMES] = ['cases.json', 'outcomes.json'].map((name) => join(scratch, name));
    writeFileSync(CASES, JSON.stringify(cases));
    const { code, output } = await home.start(editor, SCRIPTS[editor.kind], { CASES, OUTCOMES, STORE: home.top, FORM: form }).ended;
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /Error|^E\d+:/m);
    await home.close();
    return JSON.parse(readFileSync(OUTCOMES, 'utf8'));
  } finally {
    home.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const WRONG = [
  [{ call: 'getPersistentData', with: { context: 'user' }, answer: {} }, 'null is not an object'],
  [{ call: 'getPersistentData', with: { context: 'user' }, error: 'storeFull' }, 'no error is not an error'],
  [{ call: 'getPersistentData', with: { context: 'nowhere' }, error: 'storeFull' }, 'another error is not the expected one'],
  [{ call: 'getPersistentData', with: { context: 'nowhere' } }, 'an unexpected error is noticed'],
  [{ call: 'setPersistentData', with: { context: 'user', data: {} }, answer: {} }, 'a member more is noticed'],
  [{ call: 'setPersistentData', with: { context: 'user', data: {} }, answer: { revision: { $any: 'text' } } }, 'a number is not a text'],
  [{ call: 'listPersistentData', with: {}, answer: {} }, 'a list is not an object'],
  [{ call: 'tokens.get', refresh: [], answer: null }, 'an error of tokens is noticed'],
  [{ begin: 'x', call: 'getPersistentData', with: { context: 'user' } }, 'a call that was begun has to be ended'],
];

/** `offers(case)`: whether the language can express a case at all. Runs in all editors have to agree. */
export function runConformance(kind, offers) {
  const all = loadCases();
  const outcomes = Object.fromEntries(all.map((each) => [`${each.tier}: ${each.name}`, offers(each) ? 'passed' : 'not offered']));
  describe('the conformance suite', { concurrency: true }, () => {
    for (const [at, editor] of editorsOf(kind).entries()) {
      test(`passes in ${editor.name}`, { timeout: 240_000 }, async () => {
        const found = await run(editor, all.filter(offers), at % 2 ? 'coroutine' : 'wait');
        const faults = Object.entries(found).filter(([, outcome]) => outcome !== 'passed');
        for (const [title] of faults) outcomes[title] = 'failed';
        assert.deepEqual(faults, []);
        assert.equal(Object.keys(found).length, all.filter(offers).length);
      });
    }
  });

  test('a wrong answer fails', { timeout: 60_000 }, async () => {
    const cases = WRONG.map(([step, name]) => ({ tier: 'wrong', name, steps: [step] }));
    const found = await run(editorsOf(kind)[0], cases, 'wait');
    for (const { name } of cases) assert.notEqual(found[`wrong: ${name}`], 'passed', name);
    assert.equal(Object.keys(found).length, cases.length);
  });

  test.after(() => keepOutcomes(`editors/${kind}`, outcomes));
}
