// The conformance suite with Cloud9's API: two methods, one folder, callbacks.

import { test } from 'node:test';

import { keepOutcomes, loadCases, runCase } from '../../conformance/run.mjs';
import { holder, World } from './host.mjs';

const name = 'editors/cloud9';
const CALLS = ['setPersistentData', 'getPersistentData'];
const PARAMS = ['context', 'data'];

/** Whether Cloud9's API can express a step. */
function offers(step) {
  // A successful write returns no result.
  if (step.passphrase !== undefined) return false;
  if (step.save || (step.call === 'setPersistentData' && 'answer' in step)) return false;
  if (step.notice || step.cancel || (step.open && step.error) || step.as?.mustExist) return false;
  if (step.folders && (step.in || step.folders.length > 1)) return false;
  return !step.call || (CALLS.includes(step.call) && Object.keys(step.with).every((param) => PARAMS.includes(param)));
}

async function open(world, key, { folders }) {
  const provides = key.plugin ? `${key.plugin}.${key.installation}` : 'own';
  const running = await world.start([holder(provides, { apikey: key.apiKey })], { workspaceFolders: folders });
  const { api } = running.app.services[provides];
  const calls = {
    setPersistentData: ({ context, data }, callback) => api.setPersistentData(context, data, callback),
    getPersistentData: ({ context }, callback) => api.getPersistentData(context, callback),
  };
  return {
    call: (method, params) =>
      new Promise((resolve, reject) => {
        calls[method](params, (error, answer) => (error ? reject(error) : resolve(answer)));
      }),
    kill: () => world.kill(running),
    close: () => world.stop(running),
  };
}

const outcomes = {};
for (const each of loadCases()) {
  const title = `${each.tier}: ${each.name}`;
  test(title, { timeout: 60_000 }, async () => {
    outcomes[title] = 'failed';
    const world = new World();
    try {
      outcomes[title] = await runCase(each, { offers, open: (key, window) => open(world, key, window) });
      await world.close();
    } finally {
      world.remove();
    }
  });
}
test.after(() => keepOutcomes(name, outcomes));
