// The example of Cloud9's documentation in architect, and the guarantees of its API.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { holder, World } from './host.mjs';

const package_ = join(import.meta.dirname, '..');

function appTest(name, steps) {
  test(name, { timeout: 60_000 }, async () => {
    const world = new World();
    try {
      await steps(world);
      await world.close();
    } finally {
      world.remove();
    }
  });
}

const set = (api, ...args) =>
  new Promise((resolve, reject) => api.setPersistentData(...args, (error) => (error ? reject(error) : resolve())));
const get = (api, ...args) =>
  new Promise((resolve, reject) => api.getPersistentData(...args, (error, data) => (error ? reject(error) : resolve(data))));

appTest("the documentation's example prints 123", async (world) => {
  const printed = new Promise((resolve) => {
    const log = console.log;
    console.log = (...words) => {
      console.log = log;
      resolve(words);
    };
  });
  await world.start(['./example.js']);
  assert.deepEqual(await printed, [123]);
});

appTest('after freezePublicAPI there is no setAPIKey, and no access to the data', async (world) => {
  const { app } = await world.start([holder('one')]);
  const { plugin } = app.services.one;
  for (const name of ['setAPIKey', 'getEmitter', 'freezePublicAPI']) {
    assert.equal(plugin[name], undefined, name);
    assert.throws(() => Object.defineProperty(plugin, name, { value: () => {} }), TypeError);
  }
});

appTest('freezePublicAPI sets the members, events reach their listeners, and load is emitted', async (world) => {
  const events = [];
  const setup = (options, imports, register) => {
    const plugin = new imports.Plugin('Your Name', []);
    const emit = plugin.getEmitter();
    plugin.on('load', () => events.push('load'));
    plugin.freezePublicAPI({ _events: ['draw'], get seven() { return 7; }, draw: () => emit('draw', 1) });
    register(null, { two: plugin });
  };
  const { app } = await world.start([{ packagePath: 'two', provides: ['two'], consumes: ['Plugin'], setup }]);
  const { two } = app.services;
  two.on('draw', (what) => events.push(what));
  two.draw();
  assert.deepEqual(events, ['load', 1]);
  assert.equal(two.seven, 7);
  assert.equal(two._events, undefined);
});

appTest('calls before the vault is open keep their order and their arguments', async (world) => {
  const { app } = await world.start([holder('one')]);
  const { api } = app.services.one;
  const data = { n: 1 };
  const answers = [set(api, 'user', data), get(api, 'user'), set(api, 'user', { n: 2 }), get(api, 'user')];
  data.n = 'spoilt';
  assert.deepEqual(await Promise.all(answers), [undefined, { n: 1 }, undefined, { n: 2 }]);
});

appTest('each plugin has its own data, and finds it after a restart', async (world) => {
  const first = await world.start([holder('one'), holder('two')]);
  await set(first.app.services.one.api, 'user', { whose: 'one' });
  assert.equal(await get(first.app.services.two.api, 'user'), null);
  const keys = first.config.map(({ apikey }) => apikey);
  assert.equal(keys[0], undefined, 'the plugin that provides Plugin needs no key');
  for (const key of keys.slice(1)) assert.match(world.canaries.key(key), /^[0-9a-f]{40}$/);
  assert.notEqual(keys[1], keys[2]);
  await world.stop(first);
  // In another order, and with one more.
  const second = await world.start([holder('two'), holder('three'), holder('one')]);
  assert.equal(second.config[3].apikey, keys[1]);
  assert.deepEqual(await get(second.app.services.one.api, 'user'), { whose: 'one' });
});

appTest('a key in the configuration is not replaced', async (world) => {
  const apikey = world.canaries.key();
  const { config, app } = await world.start([holder('one', { apikey })]);
  assert.equal(config[1].apikey, apikey);
  await set(app.services.one.api, 'user', { n: 1 });
});

appTest('architect does not print the key of a plugin', async (world) => {
  const { config } = await world.start([holder('one')]);
  assert.equal(JSON.stringify(config).includes(config[1].apikey), false);
});

appTest('the callback gets the error of a wrong key', async (world) => {
  const { app } = await world.start([holder('one', { apikey: 'wrong' })]);
  await assert.rejects(get(app.services.one.api, 'user'), { kind: 'apiKeyInvalid' });
});

appTest('without the program each call fails with binaryNotFound', async (world) => {
  const key = world.canaries.key();
  const { app } = await world.start([holder('one', { apikey: key })], { binary: '/nowhere/plugin-vault' });
  await assert.rejects(get(app.services.one.api, 'user'), { kind: 'binaryNotFound' });
});

test('the README shows the tested application and example', () => {
  const readme = readFileSync(join(package_, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, block]) => block);
  const tested = ['app.js', 'example.js'].map((file) => {
    // Without the first line.
    return readFileSync(join(import.meta.dirname, file), 'utf8').split('\n').slice(2).join('\n');
  });
  assert.deepEqual(shown, tested);
});
