// The conformance suite through the plugin for Kakoune, and so through the commands of plugin-vault. A window is a Kakoune.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { keepOutcomes, loadCases, runCase } from '../../conformance/run.mjs';
import { Home, Kakoune, KakouneError, quoted } from './kakoune.mjs';

/** Why a case is not run: a text of the README, and what tells that a case needs it. */
const REASONS = {
  'the commands have no events': (each) => each.tier === 'changes',
  'the commands have no leases': (each) => each.tier === 'leases',
  'the commands have no refresh of tokens': (each) => each.tier === 'tokens',
  'the commands manage no keys for a plugin': (each) => each.tier === 'keys' || calls(each).some(({ call }) => call === 'shareAPIKey'),
  'a plugin can not hold a passphrase from one command to the next': (each) => each.passphrase,
  'no process lives from one command to the next': (each) => each.steps.some(({ kill }) => kill),
  'a value is a text, which has no members to change': (each) => each.steps.some(({ spoil }) => spoil),
  'the commands have one folder, the current one': (each) =>
    each.folders === 2 || (each.folders === 0 && calls(each).some((step) => step.with.context === 'workspace' && !step.with.workspaceFolder)),
  'the arguments can not express the error': (each) =>
    calls(each).some(({ with: { context, workspaceFolder } }) => context && (context === 'user' ? workspaceFolder : context !== 'workspace')) ||
    calls(each).some((step) => step.with.context === ''),
  '`patch` and `delete` have no `--if-revision`': (each) =>
    calls(each).some((step) => 'ifRevision' in step.with && step.call !== 'setPersistentData'),
  'errors of the commands have no `data`': (each) => calls(each).some(({ error }) => error?.data),
  '`list` shows all records of a plugin': (each) =>
    calls(each).some((step) => step.call === 'listPersistentData' && Object.keys(step.with).length > 0),
  'before the first write the commands find no store': (each) => calls(each).some(({ call }) => call === 'vault/status'),
  'there is no command that moves records': (each) => calls(each).some(({ call }) => call === 'movePersistentData'),
};

function calls(each) {
  return each.steps.filter(({ call }) => call).map((step) => ({ with: {}, ...step }));
}

/** The reason that a case is not run, or nothing. */
function reason(each) {
  return Object.keys(REASONS).find((text) => REASONS[text](each));
}

/** What the exit codes and kinds of docs/commands.md are called in the protocol. */
const KINDS = { wrongArguments: 'invalidParams' };
const NOTHING = ['noStore', 'nothingStored', 'apiKeyUnknown'];

class Window {
  #kakoune;
  #key;

  constructor(kakoune, key) {
    this.#kakoune = kakoune;
    this.#key = key;
  }

  /** A call as commands of the plugin. A call that is begun is over when Kakoune has carried it out. */
  async call(method, params) {
    try {
      return await this[method](params);
    } catch (error) {
      if (!(error instanceof KakouneError) || !error.message.startsWith('{')) throw error;
      const { kind } = JSON.parse(error.message);
      throw Object.assign(new Error(error.message), { kind: KINDS[kind] ?? kind, data: {} });
    }
  }

  async getPersistentData(params) {
    return (await this.getPersistentRecord(params))?.data ?? null;
  }

  async getPersistentRecord(params) {
    const get = `plugin-vault-get -register v --json ${this.#arguments(params)}`;
    return this.#orNothing(async () => JSON.parse(await this.#kakoune.run(get, '%reg{v}')), null);
  }

  setPersistentData(params) {
    return this.#write('set', params, params.data);
  }

  patchPersistentData(params) {
    return this.#write('patch', params, params.patch);
  }

  async deletePersistentData(params) {
    const command = `plugin-vault-delete --yes --json ${this.#arguments(params)}`;
    const deleted = async () => ({ deleted: true, ...JSON.parse(await this.#kakoune.run(command, '%opt{plugin_vault_answer}')) });
    return this.#orNothing(deleted, { deleted: false, revision: 0 });
  }

  async listPersistentData() {
    const { plugin, installation } = this.#key;
    const list = `plugin-vault-list --json ${quoted(`${plugin}/${installation}`)}; execute-keys '%'`;
    const records = async () => JSON.parse(await this.#kakoune.run(list, '%val{selection}')).records;
    const members = ({ ref: _ref, plugin: _plugin, installation: _installation, ...record }) => record;
    return (await this.#orNothing(records, [])).map(members);
  }

  close() {
    return this.#kakoune.close();
  }

  async #write(command, params, value) {
    const store = `set-register v ${quoted(JSON.stringify(value))}
      plugin-vault-${command} -register v --json ${this.#arguments(params)}`;
    return JSON.parse(await this.#kakoune.run(store, '%opt{plugin_vault_answer}'));
  }

  #arguments({ context, workspaceFolder, name, inherit, ifRevision, expiresAt }) {
    const { plugin, installation } = this.#key;
    const folder = workspaceFolder === undefined ? '--workspace' : `--workspace=${workspaceFolder}`;
    const options = [
      ['--plugin', plugin],
      ['--installation', installation],
      ...(name === undefined ? [] : [[`--name=${name}`]]),
      ...(context === 'workspace' ? [[folder]] : []),
      ...(inherit && context === 'workspace' ? [['--inherit']] : []),
      ...(ifRevision === undefined ? [] : [['--if-revision', ifRevision]]),
      ...(expiresAt === undefined ? [] : [['--expires-at', expiresAt]]),
    ];
    return options.flat().map(quoted).join(' ');
  }

  async #orNothing(work, nothing) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof KakouneError && error.message.startsWith('{') && NOTHING.includes(JSON.parse(error.message).kind)) return nothing;
      throw error;
    }
  }
}

let sessions = 0;

async function run(each) {
  const home = new Home();
  const open = async (key, { folders }) => {
    sessions += 1;
    const current = join(home.top, 'project', folders.length > 0 ? 'folder 1' : '');
    return new Window(await Kakoune.start(home, sessions, current), key);
  };
  try {
    const outcome = await runCase(each, { offers: () => true, open });
    await home.close();
    return outcome;
  } finally {
    home.remove();
  }
}

const outcomes = {};
describe('the conformance suite', { concurrency: 2 }, () => {
  for (const each of loadCases()) {
    const title = `${each.tier}: ${each.name}`;
    outcomes[title] = reason(each) ? 'not offered' : 'failed';
    if (reason(each)) continue;
    test(title, { timeout: 60_000 }, async () => {
      outcomes[title] = await run(each);
    });
  }
});

const WRONG = [
  [{ call: 'getPersistentData', with: { context: 'user' }, answer: {} }, 'null is not an object'],
  [{ call: 'getPersistentData', with: { context: 'user' }, error: 'storeFull' }, 'no error is not an error'],
  [{ call: 'setPersistentData', with: { context: 'user', name: '', data: {} }, error: 'storeFull' }, 'another error is not the expected one'],
  [{ call: 'setPersistentData', with: { context: 'user', name: '', data: {} } }, 'an unexpected error is noticed'],
  [{ call: 'setPersistentData', with: { context: 'user', data: {} }, answer: {} }, 'a member more is noticed'],
];
test('a wrong answer fails', { timeout: 60_000 }, async () => {
  for (const [step, name] of WRONG) await assert.rejects(run({ tier: 'wrong', name, steps: [step] }), /step 1/, name);
});

test('the README has each reason, and how many cases it stops', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const cases = loadCases();
  for (const text of Object.keys(REASONS)) {
    const count = cases.filter((each) => reason(each) === text).length;
    assert.ok(count > 0, `no case needs it: ${text}`);
    assert.ok(readme.includes(`| ${text} | ${count} |`), `| ${text} | ${count} |`);
  }
});

test.after(() => keepOutcomes('editors/shell', outcomes));
