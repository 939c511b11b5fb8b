// One process of the real binary a call: a temporary store, one message a line.

import { spawn } from 'node:child_process';

const binary = process.env.PLUGIN_VAULT_BIN;
if (!binary) throw new Error('PLUGIN_VAULT_BIN has to name the binary');

/** Sends calls one after another, and gives back the answer to each. */
export async function converse(calls) {
  const folder = '--workspace-folder=file:///home/me/project';
  const child = spawn(binary, ['--temporary', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const answers = calls.map(() => undefined);
  let rest = '';
  let asked = 0;
  const next = () => {
    if (asked === calls.length) return child.stdin.end();
    const { method, params } = calls[asked];
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: asked, method, params })}\n`);
  };
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      // Notices are none of an answer.
      if (message.id !== asked) continue;
      answers[asked] = message;
      asked += 1;
      next();
    }
  });
  child.stdin.on('error', () => {});
  next();
  const code = await ended;
  // After `initialize` a client has to say goodbye; some calls are only that.
  const goodbye = calls.some(({ method }) => method === 'initialize');
  if (code !== 0 && !(goodbye && code === 1)) throw new Error(`the process ended with ${code}`);
  if (answers.includes(undefined)) throw new Error('a call was not answered');
  return answers;
}
