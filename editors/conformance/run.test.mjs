// Tests of the runner: a binding that answers wrongly, or not at all, must not pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runCase } from './run.mjs';

const host = (call) => ({
  offers: (step) => step.call !== 'notOffered',
  open: async (_, { notice }) => ({ call: async (method, params) => call(method, params, notice), close() {} }),
});
const failure = (kind, data = {}) => Object.assign(new Error(kind), { kind, retryable: false, data });

const table = [
  ['an equal answer', { answer: { n: [1, null] } }, () => ({ n: [1, null] }), true],
  ['another value', { answer: { n: 1 } }, () => ({ n: 2 }), false],
  ['another type', { answer: { n: 1 } }, () => ({ n: '1' }), false],
  ['an extra member', { answer: { n: 1 } }, () => ({ n: 1, m: 1 }), false],
  ['an extra member where more are allowed', { answer: { n: 1, $more: true } }, () => ({ n: 1, m: 1 }), true],
  ['a missing member', { answer: { n: 1 } }, () => ({}), false],
  ['null for an object', { answer: {} }, () => null, false],
  ['an object for null', { answer: null }, () => ({}), false],
  ['a list for an object', { answer: {} }, () => [], false],
  ['a short list', { answer: [1, 2] }, () => [1], false],
  ['a list in another order', { unordered: true, answer: [1, 2] }, () => [2, 1], true],
  ['another list', { unordered: true, answer: [1, 2] }, () => [2, 2], false],
  ['a revision', { answer: { $any: 'revision' } }, () => 7, true],
  ['no revision', { answer: { $any: 'revision' } }, () => 0, false],
  ['a time', { answer: { $any: 'time' } }, () => '2001-02-03T04:05:06.000Z', true],
  ['no time', { answer: { $any: 'time' } }, () => '2001-02-03', false],
  ['an expected error', { error: 'storeFull' }, () => Promise.reject(failure('storeFull')), true],
  ['another error', { error: 'storeFull' }, () => Promise.reject(failure('storeBusy')), false],
  ['no error', { error: 'storeFull' }, () => null, false],
  ['an error without a kind', { error: 'storeFull' }, () => Promise.reject(new Error('storeFull')), false],
  ['an unexpected error', { answer: null }, () => Promise.reject(failure('storeFull')), false],
  ['data of an error', { error: { kind: 'x', data: { revision: 1 } } }, () => Promise.reject(failure('x', { revision: 1, kind: 'x' })), true],
  ['other data', { error: { kind: 'x', data: { revision: 1 } } }, () => Promise.reject(failure('x', { revision: 2 })), false],
];

for (const [what, step, call, passes] of table) {
  test(`${what} ${passes ? 'passes' : 'fails'}`, async () => {
    const outcome = runCase({ steps: [{ call: 'x', with: {}, ...step }] }, host(call));
    if (passes) assert.equal(await outcome, 'passed');
    else await assert.rejects(outcome);
  });
}

test('a case with a call that the binding does not have is not run', async () => {
  const never = () => assert.fail('it was called');
  assert.equal(await runCase({ steps: [{ call: 'x' }, { call: 'notOffered' }] }, host(never)), 'not offered');
});

test('a saved value is sent, and compared', async () => {
  const calls = [];
  const call = (_, params) => {
    calls.push(params);
    return { revision: 4 };
  };
  const steps = [
    { call: 'x', with: {}, save: { revision: 'first' } },
    { call: 'x', with: { ifRevision: '${first}' }, answer: { revision: { $above: 'first' } } },
  ];
  await assert.rejects(runCase({ steps }, host(call)), /above 4/);
  assert.deepEqual(calls, [{}, { ifRevision: 4 }]);
});

test('a notice is compared', async () => {
  const call = (_method, _params, notice) => notice({ revision: 1 });
  const steps = (revision) => [{ call: 'x', with: {} }, { notice: { revision } }];
  assert.equal(await runCase({ steps: steps(1) }, host(call)), 'passed');
  await assert.rejects(runCase({ steps: steps(2) }, host(call)));
});

test('a call that was begun has to be ended', async () => {
  await assert.rejects(runCase({ steps: [{ begin: 'x', call: 'x', with: {} }] }, host(() => null)), /ended/);
});

/** A binding whose `tokens` call the refresh function `times` times. */
const tokensHost = (times) => ({
  offers: ({ call }) => call !== 'notOffered',
  open: async () => ({
    call: () => null,
    close() {},
    tokens: ({ refresh }) => ({
      get: async () => {
        let tokens = { accessToken: 'a1' };
        for (let time = 0; time < times; time += 1) tokens = await refresh(tokens);
        return tokens;
      },
    }),
  }),
});
const entry = { gets: { accessToken: 'a1' }, gives: { accessToken: 'a2' } };
const tokensTable = [
  ['the expected refresh', 1, { refresh: [entry], answer: entry.gives }, true],
  ['other tokens', 1, { refresh: [entry], answer: entry.gets }, false],
  ['a refresh that is not expected', 1, { refresh: [] }, false],
  ['a missing refresh', 0, { refresh: [entry], answer: entry.gets }, false],
  ['a refresh with other tokens', 1, { refresh: [{ ...entry, gets: { accessToken: 'a3' } }] }, false],
  ['a wrong answer during a refresh', 1, { refresh: [{ ...entry, during: [{ call: 'x', answer: 1 }] }] }, false],
  ['an expected failure', 1, { refresh: [{ gets: entry.gets, fails: 'offline' }], throws: 'offline' }, true],
  ['another failure', 1, { refresh: [{ gets: entry.gets, fails: 'offline' }], throws: 'refused' }, false],
  ['a failure that does not occur', 1, { refresh: [entry], throws: 'offline' }, false],
  ['an unexpected refresh where a failure is expected', 1, { refresh: [], throws: 'the step' }, false],
];
for (const [what, times, step, passes] of tokensTable) {
  test(`${what} of tokens ${passes ? 'passes' : 'fails'}`, async () => {
    const outcome = runCase({ steps: [{ call: 'tokens.get', ...step }] }, tokensHost(times));
    if (passes) assert.equal(await outcome, 'passed');
    else await assert.rejects(outcome);
  });
}

test('a case with a call during a refresh that the binding does not have is not run', async () => {
  const steps = [{ call: 'tokens.get', refresh: [{ ...entry, during: [{ call: 'notOffered' }] }] }];
  assert.equal(await runCase({ steps }, tokensHost(1)), 'not offered');
});
