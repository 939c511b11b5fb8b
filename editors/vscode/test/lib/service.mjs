// A service on loopback whose refresh tokens change with each use, and the steps of the example with it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

export class Service {
  refreshes = 0;
  #number = 0;
  /** The refresh token that the service accepts now. */
  #current;

  static async start() {
    const service = new Service();
    service.server = createServer((request, response) => void service.#answer(request, response));
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    service.url = `http://127.0.0.1:${service.server.address().port}`;
    return service;
  }

  async #answer(request, response) {
    let body = '';
    for await (const part of request) body += part;
    const form = new URLSearchParams(body);
    const isRefresh = form.get('grant_type') === 'refresh_token';
    if (isRefresh) this.refreshes += 1;
    const isAccepted = isRefresh ? form.get('refresh_token') === this.#current : form.get('code') === 'right';
    if (!isAccepted) return void response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
    this.#number += 1;
    this.#current = `refresh-${this.#number}`;
    // The first token has expired already, so that the next call refreshes it.
    const answer = { access_token: `access-${this.#number}`, refresh_token: this.#current, expires_in: isRefresh ? 3_600 : 0 };
    response.end(JSON.stringify(answer));
  }

  async stop() {
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Signs in, calls and signs out. `sees` waits for a message and removes it. */
export async function runExample(window, service, sees) {
  // A command ends when its message is removed.
  const run = async (command, message) => {
    const ended = window.do('run', `example.${command}`);
    await sees(message);
    await ended;
  };
  await run('call', 'Sign in first.');
  const signedIn = window.do('run', 'example.signIn');
  const input = window.page.locator('.quick-input-widget input.input, .quick-input-widget input').first();
  await input.fill('right');
  await input.press('Enter');
  await sees('Done.');
  await signedIn;
  await run('call', 'Called with access-2, 3 times in this folder.');
  await run('call', 'Called with access-2, 6 times in this folder.');
  assert.equal(service.refreshes, 1, 'one refresh for all callers');
  await run('signOut', 'Done.');
  await run('call', 'Sign in first.');
}
