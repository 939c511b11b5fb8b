// What an answer has to look like: the error table of the contract, and times.

import assert from 'node:assert/strict';

/** Our codes that can be met so far: kind, and whether to try again (undefined: that depends on the reason). */
const kinds = new Map([
  [1001, ['apiKeyRequired', false]],
  [1002, ['apiKeyInvalid', false]],
  [1003, ['apiKeyUnknown', false]],
  [1005, ['apiKeyExpired', false]],
  [2001, ['revisionConflict', false]],
  [2002, ['dataTooLarge', false]],
  [2003, ['workspaceFolderRequired', false]],
  [2004, ['workspaceFolderInvalid', false]],
  [2005, ['targetExists', false]],
  [4001, ['keyUnavailable', undefined]],
  [5005, ['storeRefused', false]],
]);

// A code and a reason have one message, whatever is asked. Messages about parameters name the parameter and its rule.
const messages = new Map();

/** Waits for a refusal with `code`, and holds that its data has at least `data`. Gives the error's data. */
export async function refused(request, code, data = {}) {
  const error = await request.then(
    (result) => assert.fail(`expected ${code}, got ${JSON.stringify(result)}`),
    (reason) => reason,
  );
  assert.equal(error.code, code, `${error.message} ${JSON.stringify(error.data)}`);
  assert.ok(error.message.length > 0, 'a message for people');
  const cause = `${code} ${error.data.reason} ${error.data.parameter}`;
  if (code !== -32602) {
    assert.equal(error.message, messages.get(cause) ?? error.message, 'one message for each code and reason');
    messages.set(cause, error.message);
  }
  if (code > 0) {
    const [kind, retryable] = kinds.get(code);
    assert.equal(error.data.kind, kind);
    assert.equal(error.data.retryable, retryable ?? error.data.retryable);
    assert.equal(typeof error.data.retryable, 'boolean');
  }
  for (const [name, value] of Object.entries(data)) {
    assert.deepEqual(error.data[name], value, `data.${name} of ${JSON.stringify(error.data)}`);
  }
  return error.data;
}

/** An RFC 3339 time in UTC, of the last minutes. */
export function assertRecent(time) {
  assertTime(time);
  const age = Date.now() - Date.parse(time);
  assert.ok(Math.abs(age) < 10 * 60_000, `${time} is now`);
}

export function assertTime(time) {
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
}

/** A time from now, as the wire wants it. */
export function inSeconds(seconds) {
  return new Date(Date.now() + seconds * 1000).toISOString();
}
