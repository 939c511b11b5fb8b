// The part of a test that runs inside the editor. It gets requests over a socket, one line of JSON each, and answers with one line.

const { mkdirSync, renameSync } = require('node:fs');
const { createServer } = require('node:net');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const vscode = require('vscode');

const actions = require('./actions');

exports.activate = (context) => {
  const folder = process.env.PROBE_DIR;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${process.pid}.part`);
  const server = createServer((socket) => serve(context, socket));
  context.subscriptions.push({ dispose: () => server.close() });
  // The name changes once the server is ready.
  server.listen(path, () => renameSync(path, join(folder, `${process.pid}.sock`)));
  context.subscriptions.push(vscode.commands.registerCommand('probe.first', () => {}));
};

function serve(context, socket) {
  const send = (message) => socket.writable && socket.write(`${JSON.stringify(message)}\n`);
  socket.on('error', () => {});
  const probe = { context, event: (name, ...values) => send({ event: name, values }) };
  createInterface({ input: socket }).on('line', async (line) => {
    const { id, action, args } = JSON.parse(line);
    try {
      send({ id, result: (await actions[action](probe, ...args)) ?? null });
    } catch (error) {
      const { name, kind, message, retryable, data, stack } = error;
      send({ id, error: { name, kind, message, retryable, data, stack } });
    }
  });
}
