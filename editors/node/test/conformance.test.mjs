// The conformance suite with the real binary.

import { World } from './world.mjs';
import { runConformance } from './conformance.mjs';

runConformance('editors/node', () => new World());
