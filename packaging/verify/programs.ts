/** Owns running programs of a system in a verification: what they say is shown. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** Runs a program to its end, prints its command line and what it said, and resolves to that. Rejects where it fails. */
export async function shown(program: string, ...args: readonly string[]): Promise<string> {
  process.stdout.write(`$ ${[program, ...args].join(' ')}\n`);
  const said = await quiet(program, ...args);
  process.stdout.write(said);
  return said;
}

/** The same, without a word. */
export function quiet(program: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${code}: ${said}`));
    });
  });
}

/** Asks until the answer is a good one, for two minutes at most; resolves to it. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 120_000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (thrown) {
      last = thrown;
    }
    await delay(250);
  }
  throw new Error(`waited in vain: ${what}; seen last: ${last}`);
}

export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}
