/** Owns finding the tests that prove keys of the configuration, by their text: a file runs in a process of its own. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The test files that prove each key. */
export function proofs(): ReadonlyMap<string, ReadonlySet<string>> {
  const files = new Map<string, Set<string>>();
  for (const file of globSync('test/**/*.test.ts', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, keys = ''] of text.matchAll(/^\s+proves\(\s*t,([^)]*)\);$/gm)) {
      for (const [, key = ''] of keys.matchAll(/'([^']*)'/g)) {
        files.getOrInsertComputed(key, () => new Set()).add(file);
      }
    }
  }
  return files;
}
