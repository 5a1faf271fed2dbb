/** Owns scratch folders of tests: made on demand, removed when the test ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export async function tempDir(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-'));
  // Children of a program that was stopped may write for another moment.
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 20 }));
  return dir;
}
