// The conformance suite with the fake.

import { FakeStore } from 'plugin-vault/fake';

import { runConformance } from './conformance.mjs';

class FakeWorld {
  #store = new FakeStore();
  /** The fake takes any passphrase. */
  guard() {}
  open(options) {
    return this.#store.openVault(options);
  }
  kill(vault) {
    return this.#store.crash(vault);
  }
  close() {}
}

runConformance('editors/node, the fake', () => new FakeWorld());
