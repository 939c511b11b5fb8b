// Where this package is.

import { fileURLToPath } from 'node:url';

declare const __filename: string | undefined;
declare const __webpack_require__: unknown;

/**
 * The file of this module, or of the bundle that contains it. `undefined` if that is not known: webpack replaces `import.meta.url` by a
 * path of the machine that made the bundle, and other bundlers by nothing in a CommonJS module.
 */
export function thisFile(): string | undefined {
  if (typeof __webpack_require__ === 'function') return undefined;
  if (typeof __filename === 'string') return __filename;
  return import.meta.url === undefined ? undefined : fileURLToPath(import.meta.url);
}
