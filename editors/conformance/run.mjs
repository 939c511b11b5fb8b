// Runs the cases for bindings in JavaScript. README.md explains the cases. A host connects the runner to a binding:
//
//   name              the binding's name in the table, for example `editors/node`
//   offers(step)      whether the binding supports a step; a case with an unsupported step is not run, and is `not offered`
//   open(key, window) opens a separate window; `key` is `{plugin, installation}` or `{apiKey, mustExist}`, `window` is
//                     `{folders, notice, passphrase}`; with `passphrase` the store is another one, which this passphrase alone
//                     opens and which is unlocked at first; returns `{call(method, params, signal), folders(uris), kill(), close()}`,
//                     and `tokens(options)`, the function of that name, if the binding supports steps with `tokens.…`

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const TIERS = ['core', 'changes', 'leases', 'keys', 'inherit', 'lock', 'tokens'];

/** All cases, in the order of their files. */
export function loadCases(folder = import.meta.dirname ?? new URL('.', import.meta.url).pathname) {
  return TIERS.flatMap((tier) =>
    JSON.parse(readFileSync(join(folder, `${tier}.json`), 'utf8')).map((each) => ({ tier, ...each })),
  );
}

/** Resolves with `passed` or `not offered`. Rejects with the fault. */
export async function runCase(each, host) {
  const { passphrase } = each;
  if (passphrase !== undefined && !host.offers({ passphrase })) return 'not offered';
  if (!host.offers({ folders: folderUris(each) }) || !allSteps(each.steps).every((step) => host.offers(step))) return 'not offered';
  const run = new Run(each, host);
  try {
    for (const [at, step] of each.steps.entries()) {
      try {
        await run.step(step);
      } catch (error) {
        throw new Error(`step ${at + 1}, ${JSON.stringify(step).slice(0, 200)}: ${error.message}`, { cause: error });
      }
    }
    assert.deepEqual([...run.begun.keys()], [], 'every call that was begun is ended');
  } finally {
    await run.close();
  }
  return 'passed';
}

/** Writes the outcomes of one binding for the table: `{name, outcomes: {"tier: case": outcome}}`. */
export function keepOutcomes(name, outcomes, folder = process.env.CONFORMANCE_OUTCOMES) {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name.replaceAll('/', '-')}.json`), JSON.stringify({ name, outcomes }));
}

/** The steps, and those that are carried out during a refresh. */
function allSteps(steps) {
  return steps.flatMap((step) => [step, ...(step.refresh ?? []).flatMap(({ during = [] }) => allSteps(during))]);
}

function folderUris({ folders = 1 }) {
  return [1, 2].slice(0, folders).map((n) => `file:///conformance/folder%20${n}`);
}

class Run {
  begun = new Map();
  #host;
  #folders;
  #passphrase;
  #windows = new Map();
  #variables;
  #fresh;
  #tokens = new Map();
  #plugin = `conformance.${randomBytes(8).toString('hex')}`;

  constructor(each, host) {
    this.#host = host;
    this.#folders = folderUris(each);
    this.#passphrase = each.passphrase;
    this.#fresh = each.fresh;
    const [key1, key2] = [1, 2].map(() => randomBytes(20).toString('hex'));
    const [folder1, folder2] = folderUris({ folders: 2 });
    this.#variables = { folder1, folder2, key1, key2, KEY1: key1.toUpperCase() };
  }

  async step(step) {
    const name = step.in ?? 'a';
    if (step.open) return this.#settle(step, this.#open(step.open, step.as));
    if (step.close) return (await this.#window(step.close)).close();
    if (step.kill) return (await this.#window(step.kill)).kill();
    if (step.folders) return (await this.#window(name)).folders(this.#fill(step.folders));
    if (step.notice) {
      const notice = await (await this.#window(name)).notices.next();
      return this.#match(notice, step.notice, 'the notice');
    }
    if (step.cancel) return this.begun.get(step.cancel).abort.abort();
    if (step.end) {
      const { answer } = this.begun.get(step.end);
      this.begun.delete(step.end);
      return this.#settle(step, answer);
    }
    const abort = new AbortController();
    const params = this.#fill(step.with);
    const window = await this.#window(name);
    const isOfTokens = step.call.startsWith('tokens.');
    const answer = isOfTokens ? this.#callTokens(name, window, step) : window.call(step.call, params, abort.signal);
    if (!step.begin) return this.#settle(step, answer);
    if (step.spoil) for (const member of Object.keys(params.data)) params.data[member] = 'spoilt';
    answer.catch(() => {});
    this.begun.set(step.begin, { answer, abort });
  }

  async close() {
    for (const window of this.#windows.values()) await (await window).close();
  }

  #window(name) {
    if (!this.#windows.has(name)) this.#open(name);
    return this.#windows.get(name);
  }

  /** Opens a window: another process, on the same data or on other data. */
  #open(name, as = 'the same') {
    const installation = as === 'another installation' ? 'another' : 'conformance';
    const plugin = as === 'another plugin' ? `${this.#plugin}.another` : this.#plugin;
    const key = typeof as === 'object' ? this.#fill(as) : { plugin, installation };
    const notices = new Notices();
    const opening = this.#host
      .open(key, { folders: this.#folders, passphrase: this.#passphrase, notice: (notice) => notices.push(notice) })
      .then((window) => Object.assign(window, { notices }));
    this.#windows.set(name, opening);
    opening.catch(() => this.#windows.delete(name));
    return opening;
  }

  /** A call of `tokens.get`, `tokens.set` or `tokens.clear`. A window has one object for each name. */
  async #callTokens(in_, window, step) {
    const { name = 'oauth', tokens, rejected } = this.#fill(step.with ?? {});
    const id = JSON.stringify([in_, name]);
    if (!this.#tokens.has(id)) {
      const script = [];
      const isFresh = this.#fresh && (({ accessToken }) => this.#fresh.includes(accessToken));
      const refresh = (spent) => this.#refresh(script, spent);
      this.#tokens.set(id, { script, object: window.tokens({ name, refresh, isFresh, reads: 3 }) });
    }
    const { script, object } = this.#tokens.get(id);
    script.push(...(step.refresh ?? []));
    if (step.call === 'tokens.set') return object.set(tokens);
    if (step.call === 'tokens.clear') return object.clear();
    try {
      return await object.get({ rejected });
    } finally {
      // A fault that was found during the refresh, where the binding may have hidden it.
      if (script.fault) throw script.fault;
      assert.deepEqual(script, [], 'the tokens are refreshed as often as the step says');
    }
  }

  /** The caller's refresh function: does what the step says for this refresh. */
  async #refresh(script, spent) {
    let entry;
    try {
      entry = script.shift();
      assert.ok(entry, 'the step does not expect this refresh');
      this.#match(spent, entry.gets, 'the tokens that are refreshed');
      for (const step of entry.during ?? []) await this.step(step);
    } catch (fault) {
      script.fault ??= fault;
      throw fault;
    }
    if (entry.fails) throw new Error(entry.fails);
    return this.#fill(entry.gives);
  }

  async #settle(step, outcome) {
    let answer;
    try {
      answer = await outcome;
    } catch (error) {
      if (step.throws && !(error instanceof assert.AssertionError)) {
        assert.equal(error.kind, undefined, 'the error is the caller’s own');
        return assert.ok(error.message.includes(step.throws), `${error.message} is not ${step.throws}`);
      }
      if (!step.error) throw error;
      const expected = typeof step.error === 'string' ? { kind: step.error } : step.error;
      const { kind, retryable, data } = error;
      if (kind === undefined) throw error;
      return this.#match({ kind, retryable, data }, { $more: true, ...expected, data: { $more: true, ...expected.data } }, 'the error');
    }
    assert.ok(!step.error && !step.throws, `an error was expected, and the answer was ${JSON.stringify(answer)?.slice(0, 200)}`);
    if (step.unordered) this.#matchInAnyOrder(answer, step.answer);
    else if ('answer' in step) this.#match(answer, step.answer, 'the answer');
    for (const [member, variable] of Object.entries(step.save ?? {})) this.#variables[variable] = answer[member];
  }

  /** Replaces the variables `${x}` and the long texts `$repeat` in a step's parameters. */
  #fill(value) {
    if (typeof value === 'string') {
      const whole = /^\$\{(\w+)\}$/.exec(value);
      if (!whole) return value;
      assert.ok(whole[1] in this.#variables, `nothing was saved as ${whole[1]}`);
      return this.#variables[whole[1]];
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.#fill(each));
    if ('$repeat' in value) return value.$repeat[0].repeat(value.$repeat[1]);
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#fill(each)]));
  }

  #match(actual, expected, where) {
    const wrong = (what) => assert.fail(`${where}: ${JSON.stringify(actual)?.slice(0, 200)} is not ${what}`);
    if (typeof expected !== 'object' || expected === null || '$repeat' in expected) {
      const value = this.#fill(expected);
      if (!Object.is(actual, value)) wrong(JSON.stringify(value).slice(0, 200));
    } else if ('$any' in expected) {
      if (!ANY[expected.$any](actual)) wrong(expected.$any);
    } else if ('$above' in expected) {
      const least = this.#variables[expected.$above];
      if (!ANY.revision(actual) || actual <= least) wrong(`above ${least}`);
    } else {
      const { $more, ...members } = expected;
      if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected)) wrong('alike');
      const names = Object.keys(actual).filter((name) => actual[name] !== undefined);
      if (!$more) assert.deepEqual(names.sort(), Object.keys(members).sort(), `${where}: its members`);
      for (const [name, each] of Object.entries(members)) this.#match(actual[name], each, `${where}, ${name}`);
    }
  }

  #matchInAnyOrder(actual, expected) {
    assert.equal(actual?.length, expected.length, 'the number of answers');
    const left = [...actual];
    for (const each of expected) {
      const at = left.findIndex((candidate) => {
        try {
          this.#match(candidate, each, '');
          return true;
        } catch {
          return false;
        }
      });
      assert.ok(at >= 0, `${JSON.stringify(each)} is not in ${JSON.stringify(left)}`);
      left.splice(at, 1);
    }
  }
}

const ANY = {
  number: (value) => Number.isSafeInteger(value) && value >= 0,
  revision: (value) => Number.isSafeInteger(value) && value >= 1,
  text: (value) => typeof value === 'string' && value !== '',
  time: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  key: (value) => /^[0-9a-f]{40}$/.test(value),
};

/** Notices in their order, one at a time. */
class Notices {
  #kept = [];
  #waiting = [];

  push(notice) {
    const next = this.#waiting.shift();
    if (next) next(notice);
    else this.#kept.push(notice);
  }

  next() {
    if (this.#kept.length > 0) return Promise.resolve(this.#kept.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
