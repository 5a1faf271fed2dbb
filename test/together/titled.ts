/** Owns what `import test from 'ava'` is to one of several files in a process, which the query of this module's URL names. */
import test, { type ExecutionContext } from 'ava';

const file = new URL(import.meta.url).searchParams.get('file');

/** One at a time: what one computes makes no other late. */
export default function titled(
  title: string,
  run: (t: ExecutionContext) => Promise<void> | void,
): void {
  test.serial(`${file}: ${title}`, run);
}
