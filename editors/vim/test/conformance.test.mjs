// The conformance suite in Vim. A text of Vim can't have the character NUL.

import { runConformance } from '../../neovim/test/lib/conformance.mjs';

runConformance('vim', (each) => !JSON.stringify(each).includes('\\u0000'));
