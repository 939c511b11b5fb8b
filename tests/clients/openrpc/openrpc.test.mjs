// The contract, by OpenRPC's own tools: whether the document is one, and whether the program does what it says.
// The examples are those of docs/reference.md.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { parseOpenRPCDocument, validateOpenRPCDocument } from '@open-rpc/schema-utils-js';
import coverage from '@open-rpc/test-coverage';

import { Examples, Generated, isLike } from './rules.mjs';
import { converse } from './vault.mjs';

const contract = JSON.parse(execFileSync(process.env.PLUGIN_VAULT_BIN, ['schema'], { maxBuffer: 1 << 24 }));
const parsed = await parseOpenRPCDocument(structuredClone(contract));
const requests = { ...parsed, methods: parsed.methods.filter((method) => method.result) };

// The tool's own reporters write to the output of the tests.
const silent = { onBegin() {}, onTestBegin() {}, onTestEnd() {}, onEnd() {} };

/** The calls that the tool makes by a rule, and what it says of them. */
function run(rule, document = requests) {
  const transport = async (url, method, params) => {
    const after = JSON.parse(url);
    return (await converse([...after, { method, params }])).at(-1);
  };
  return coverage.default({ openrpcDocument: document, transport, reporters: [silent], rules: [rule] });
}

function allValid(calls) {
  const wrong = calls.filter(({ valid }) => !valid).map(({ reason, requestError, title }) => `${title}: ${reason ?? requestError}`);
  assert.deepEqual(wrong, []);
}

test('the document is a valid one', () => {
  assert.equal(validateOpenRPCDocument(structuredClone(contract)), true);
});

test('the validator finds what is wrong', () => {
  const wrong = structuredClone(contract);
  delete wrong.methods[0].params;
  assert.notEqual(validateOpenRPCDocument(wrong), true);
});

test('every method has an example, and one that is refused', () => {
  for (const { name, examples, description } of requests.methods) {
    assert.ok(description, name);
    assert.ok(examples.some((example) => !example['x-error']), `${name} has no example`);
    assert.ok(examples.some((example) => example['x-error']), `${name} has no example that is refused`);
  }
});

test('every example is answered as it says, by name and by position', async () => {
  const calls = await run(new Examples());
  allValid(calls);
  assert.ok(calls.some(({ params }) => Array.isArray(params)) && calls.length > 50, `${calls.length} calls`);
});

test('what the schema generates is answered as it says, by name and by position', async () => {
  const calls = await run(new Generated({ numCalls: 8 }));
  allValid(calls);
  const answered = (wanted) => calls.filter(({ error }) => !error === wanted).length;
  assert.ok(answered(true) > 100 && answered(false) > 10, `${answered(true)} results, ${answered(false)} errors`);
});

test('a wrong example is found', async () => {
  const status = structuredClone(requests.methods.find(({ name }) => name === 'vault/status'));
  status.examples[0].result.value.records = 1;
  const calls = await run(new Examples(), { ...requests, methods: [status] });
  assert.deepEqual(calls.map(({ valid }) => valid), [false, true]);
});

test('only what is never the same twice may differ', () => {
  const check = (expected, value, like) => assert.equal(isLike(expected, value), like, JSON.stringify([expected, value]));
  check({ a: [1, 'x'] }, { a: [1, 'x'] }, true);
  check({ a: 1 }, { a: 1, b: 1 }, false);
  check({ a: 1 }, {}, false);
  check('2030-01-01T00:00:00.000Z', '2031-02-03T04:05:06.007Z', true);
  check('2030-01-01T00:00:00.000Z', 'later', false);
  check('0f1e2d3c4b5a69788796a5b4c3d2e1f0', '0f1e2d3c4b5a69788796a5b4c3d2e1f1', true);
  check('user', 'workspace', false);
  check(null, {}, false);
});
