/** Owns having ava run several test files as if they were one: each one's tests bear its name, and take turns. */
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** Declares the tests of these files, from the repository's root, all in one turn: ava begins with the next. */
export function loadTogether(files: readonly string[]): void {
  const titled = new Map(
    files.map((file) => [
      new URL(file, root).href,
      new URL(`./titled.ts?file=${encodeURIComponent(file)}`, import.meta.url).href,
    ]),
  );
  registerHooks({
    resolve(specifier, context, next) {
      const url = specifier === 'ava' && titled.get(context.parentURL ?? '');
      return url ? { url, shortCircuit: true } : next(specifier, context);
    },
  });
  const load = createRequire(import.meta.url);
  for (const file of files) load(fileURLToPath(new URL(file, root)));
}
