// The conformance suite in Neovim.

import { runConformance } from './lib/conformance.mjs';

runConformance('neovim', () => true);
