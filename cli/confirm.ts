/** Owns asking before something changes. */
import { createInterface } from 'node:readline/promises';
import { IsthmusError } from '../core/errors.ts';
import type { Cli } from './cli.ts';
import { exitCodes } from './exit.ts';

/** Throws USAGE when a question would reach nobody and `--yes` was not given; call it before any work. */
export function requireAnswer(cli: Cli, yes: boolean | undefined, command: string): void {
  if (yes === true || isInteractive(cli)) return;
  throw new IsthmusError('USAGE', {
    what: `\`${command}\` asks before it changes anything, and there is no terminal to ask on`,
    fix: 'Add --yes to go ahead without being asked.',
  });
}

/**
 * Asks on the terminal; only `y` or `yes` is a yes. With `yes` it doesn't ask. After a no the command has nothing left
 * to do: it was said that nothing changed, and the exit code is that of a refusal.
 */
export async function confirm(
  cli: Cli,
  yes: boolean | undefined,
  question: string,
): Promise<boolean> {
  if (yes === true) return true;
  const prompt = createInterface({ input: cli.io.stdin, output: cli.io.stderr });
  // At the end of input there is no answer, and the question would stay open for ever.
  const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `), ended]);
    if (/^y(es)?$/i.test(answer.trim())) return true;
    cli.note('Not confirmed; nothing was changed.');
    cli.exitCode = exitCodes.refused;
    return false;
  } finally {
    prompt.close();
  }
}

function isInteractive(cli: Cli): boolean {
  return cli.io.stdin.isTTY === true && cli.io.stderr.isTTY === true;
}
