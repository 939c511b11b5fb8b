// What the two kinds of token stores share: that in the vault, and that in the editor's own storage in the web.

import { cancelled } from './errors';
import type { Signal } from './signal';

/** Tokens as they are stored. Members that are `undefined` are dropped, not refused: these tokens are the only ones that the server accepts. */
export function plain<T extends object>(tokens: T): T {
  if (typeof tokens !== 'object' || tokens === null || Array.isArray(tokens)) {
    throw new TypeError('The tokens are not an object. refresh has to return the new tokens, or null if the server refuses the old ones.');
  }
  return JSON.parse(JSON.stringify(tokens));
}

/** The result, unless the signal is aborted before. */
export function abortable<T>(result: Promise<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(cancelled(signal));
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
