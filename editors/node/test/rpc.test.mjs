// The messages between the client and a sidecar: pieces of frames, answers in any order, and streams that are no JSON-RPC.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';

const { Rpc, RpcError } = createRequire(import.meta.url)('../dist/rpc.js');

const frame = (message) => {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};

function connect() {
  const [input, output, notices] = [new PassThrough(), new PassThrough(), []];
  const rpc = new Rpc(input, output, (method, params) => notices.push([method, params]));
  return { input, output, notices, rpc };
}

test('answers and notices come through in every cutting of their bytes', async () => {
  const bytes = Buffer.concat([
    frame({ method: 'first', params: { text: 'ä€😀' } }),
    frame({ id: 1, result: null }),
    frame({ method: 'second', params: 2 }),
    frame({ id: 0, result: { text: '\r\n\r\nContent-Length: 3' } }),
  ]);
  for (let size = 1; size <= bytes.length; size += size < 40 ? 1 : 37) {
    const { input, notices, rpc } = connect();
    const answers = Promise.all([rpc.request('a', {}), rpc.request('b', {})]);
    for (let at = 0; at < bytes.length; at += size) input.write(bytes.subarray(at, at + size));
    assert.deepEqual(await answers, [{ text: '\r\n\r\nContent-Length: 3' }, null], `${size}`);
    assert.deepEqual(notices, [['first', { text: 'ä€😀' }], ['second', 2]], `${size}`);
  }
});

test('what waits for an answer continues before the next message is read', async () => {
  const { input, rpc, notices } = connect();
  const seen = rpc.request('watch', {}).then(() => [...notices]);
  input.write(Buffer.concat([frame({ id: 0, result: {} }), frame({ method: 'change', params: {} })]));
  assert.deepEqual(await seen, []);
});

test('an error of an answer has its code and its data', async () => {
  const { input, rpc } = connect();
  const answer = rpc.request('a', {});
  input.write(frame({ id: 0, error: { code: 5001, message: 'full', data: { kind: 'storeFull' } } }));
  await assert.rejects(answer, (error) => error instanceof RpcError && error.code === 5001 && error.data.kind === 'storeFull');
});

test('a message is one write, and a request of a server is refused', async () => {
  const { input, output, rpc } = connect();
  rpc.notify('note', { text: 'ä' });
  assert.equal(String(output.read()), 'Content-Length: 56\r\n\r\n{"jsonrpc":"2.0","method":"note","params":{"text":"ä"}}');
  input.write(frame({ id: 7, method: 'ask', params: {} }));
  const [refusal] = await once(output, 'data');
  assert.match(String(refusal), /"id":7,"error":\{"code":-32601/);
});

for (const [what, bytes] of [
  ['a header without a length', 'Hello: 1\r\n\r\n'],
  ['a body that is not JSON', 'Content-Length: 3\r\n\r\n{x}'],
  ['a header without an end', 'x'.repeat(5_000)],
  ['a null', 'Content-Length: 4\r\n\r\nnull'],
]) {
  test(`${what} ends the connection, and all requests fail`, async () => {
    const { input, rpc } = connect();
    const requests = [rpc.request('a', {}), rpc.request('b', {})];
    input.write(bytes);
    for (const request of requests) await assert.rejects(request);
    await assert.rejects(rpc.request('c', {}));
  });
}

test('an answer that has come before the end is not lost', async () => {
  const { input, rpc } = connect();
  const requests = [rpc.request('a', {}), rpc.request('b', {}), rpc.request('c', {})];
  input.write(Buffer.concat([frame({ id: 0, result: 0 }), frame({ id: 1, result: 1 })]));
  rpc.end(new Error('over'));
  const [a, b, c] = await Promise.allSettled(requests);
  assert.deepEqual([a.value, b.value, c.reason?.message], [0, 1, 'over']);
});
