// The modules of the package import each other in one direction.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const src = join(import.meta.dirname, '..', 'src');

/** For each module the modules that it imports, with or without those of which it only uses types. */
function graph(withTypes) {
  const names = readdirSync(src, { recursive: true }).filter((name) => name.endsWith('.ts'));
  return new Map(
    names.map((name) => {
      const text = readFileSync(join(src, name), 'utf8');
      const imports = [...text.matchAll(/^(?:import|export) (type )?[^;]*? from '(\.[^']+)';/gm)];
      const used = imports.filter(([, isType]) => withTypes || !isType);
      return [name, used.map(([, , path]) => normalize(join(dirname(name), `${path}.ts`)))];
    }),
  );
}

/** A circle of imports, as a text; `undefined` if there is none. */
function circle(imports, isWanted) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name].join(' → ');
    if (done.has(name) || !isWanted(name)) return undefined;
    for (const next of imports.get(name)) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  return [...imports.keys()].map((name) => visit(name, [])).find(Boolean);
}

test('no modules import each other in a circle; in the fake not even for types', () => {
  assert.ok(graph(true).get('fake.ts').includes('fake/client.ts'), 'imports are found');
  assert.equal(circle(graph(false), () => true), undefined);
  assert.equal(circle(graph(true), (name) => name.startsWith('fake/')), undefined);
});

test('a circle is found', () => {
  const imports = new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]]);
  assert.equal(circle(imports, () => true), 'b → c → b');
});
