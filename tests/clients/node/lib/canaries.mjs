// Random words that go into every key, value, name and folder of a test, and the search for them afterwards:
// none may be found on stderr, in a file's bytes or in a file's name.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

export class Canaries {
  #needles = [];

  /** A word that no other test has, fit for a value, a record's name, a plugin's name. */
  word() {
    const word = `canary${randomBytes(12).toString('hex')}`;
    this.#needles.push({ what: 'a word', bytes: Buffer.from(word) });
    return word;
  }

  /** A workspace folder that no other test has. It need not be there. */
  folder() {
    return `file:///home/${this.word()}/${this.word()}`;
  }

  /** A new API key; with an argument, one that the vault made. */
  key(key = randomBytes(20).toString('hex')) {
    for (const text of [key.toLowerCase(), key.toUpperCase()]) {
      this.#needles.push({ what: 'an API key as text', bytes: Buffer.from(text) });
    }
    this.#needles.push({ what: 'an API key as bytes', bytes: Buffer.from(key, 'hex') });
    return key;
  }

  /** Fails when `bytes` hold a canary. */
  search(bytes, where) {
    for (const needle of this.#needles) {
      assert.ok(!bytes.includes(needle.bytes), `${needle.what} stands in ${where}`);
    }
  }

  /** Searches every file below `top`, names too, and checks that no other user may read any of them. */
  searchBelow(top) {
    let files = 0;
    const visit = (path) => {
      const stat = lstatSync(path);
      const name = relative(top, path);
      this.search(Buffer.from(name), `the file name ${name}`);
      if (process.platform !== 'win32') {
        const mode = (stat.mode & 0o777).toString(8);
        assert.equal(mode, stat.isDirectory() ? '700' : '600', `the mode of ${name || 'the top folder'}`);
      }
      if (stat.isDirectory()) {
        for (const entry of readdirSync(path)) visit(join(path, entry));
      } else {
        files += 1;
        this.search(readFileSync(path), name);
      }
    };
    visit(top);
    return files;
  }
}
