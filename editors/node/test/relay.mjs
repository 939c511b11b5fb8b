// Starts a relay, for the tests of this folder and of the bindings that are built on this one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { binary } from './world.mjs';

/** A relay for the plugin of this world, as on the user's own machine. */
export async function relay(world, name = 'relay') {
  const { dataDir, keyDir } = world.options;
  const folder = join(world.top, 'sockets');
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const socket = join(folder, name);
  const args = ['relay', world.plugin, '--listen', socket, '--data-dir', dataDir, '--key-dir', keyDir];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(createInterface(child.stdout), 'line');
  return {
    socket,
    async end() {
      child.kill();
      await exited;
    },
  };
}
