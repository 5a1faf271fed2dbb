/** Owns patterns that policies write: RE2's syntax, which matches in a time that grows with the text alone, whoever wrote it. */
import { RE2JS, type RE2JSException } from 're2js';
import type { z } from 'zod';

/** Most instructions that a pattern may come to: each may be looked at for each character. */
const mostInstructions = 1000;

/** Tells whether a pattern matches the whole of a text. */
export type Matches = (text: string) => boolean;

/** Throws for what is no pattern, or a pattern that is too large. */
export function compilePattern(pattern: string): Matches {
  const compiled = RE2JS.compile(pattern);
  if (compiled.programSize() > mostInstructions) throw new Error('it repeats too much: shorten it');
  return (text) => compiled.testExact(text);
}

function whyNone(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (thrown) {
    return (thrown as RE2JSException).message.replace('error parsing regexp: ', '');
  }
}

export function refuseBadPattern(pattern: string, context: z.RefinementCtx, path: string[]): void {
  const why = whyNone(pattern);
  if (why === undefined) return;
  context.addIssue({ code: 'custom', path, message: `not a pattern of RE2: ${why}` });
}
