/** Owns what the joining gateway makes of an answer to its preview: the lines in it, and its own of clocks and versions. */
import { z } from 'zod';
import { clockToleranceMs } from '../certs/x509.ts';
import { errorCodes } from '../core/error-codes.ts';
import { IsthmusError } from '../core/errors.ts';
import { roughSpan } from '../core/rough-span.ts';
import { doubtful, type Line, outcomes, refusing, subjects, well } from './preflight.ts';

/** Lines from another gateway; bounded, and what a later version looks at besides is left out. */
const lineSchema = z.object({
  subject: z.enum(subjects),
  outcome: z.enum(outcomes),
  what: z.string().max(2000),
  code: z.string().max(64),
  fix: z.string().max(1000),
});
const maxLines = 128;

/** Clocks that are further apart are named, by how much. */
const namedApartMs = 60_000;

/** Reads the lines that another gateway sent. */
export function readLines(sent: readonly unknown[] = []): Line[] {
  return sent.slice(0, maxLines).flatMap((line) => {
    const { data } = lineSchema.safeParse(line);
    if (!data) return [];
    const { code, fix, ...rest } = data;
    return [{ ...rest, ...(code && { code }), ...(fix && { fix }) }];
  });
}

/** When a question was sent and its answer came, by the clock here; and when it was heard and answered, by that of the other. */
interface Times {
  readonly sent: number;
  readonly heard: number;
  readonly answered: number;
  readonly came: number;
}

/** How far the clock here is ahead of the other, negative where it is behind, and how exact that is (RFC 5905, section 8). */
export function apart({ sent, heard, answered, came }: Times): {
  readonly apartMs: number;
  readonly errorMs: number;
} {
  return {
    apartMs: (sent - heard + (came - answered)) / 2,
    errorMs: Math.max(0, came - sent - (answered - heard)) / 2,
  };
}

/** What there is to say of clocks that are so far apart: of what is certain, which is the distance less how exact it is. */
export function clockLine(times: Times, other: string): Line {
  const { apartMs, errorMs } = apart(times);
  const certainMs = Math.max(0, Math.abs(apartMs) - errorMs);
  const way = apartMs >= 0 ? 'ahead of' : 'behind';
  const what = `The clock here is ${roughSpan(Math.abs(apartMs))} ${way} that of ${other}, give or take ${roughSpan(errorMs)}`;
  const tolerated = `${clockToleranceMs / 60_000} minutes are tolerated`;
  if (certainMs > clockToleranceMs) {
    return refusing('clock', new IsthmusError('CLOCK_SKEW', { what: `${what}; ${tolerated}` }));
  }
  if (certainMs <= namedApartMs) return well('clock', what);
  const { fix } = errorCodes.CLOCK_SKEW;
  return doubtful('clock', 'CLOCK_SKEW', `${what}; ${tolerated}`, fix);
}

/** Versions of the program; a gateway of version 0.1 does not say its own. */
export function versionLine(own: string, theirs: string | undefined, other: string): Line {
  if (theirs === own) return well('version', `Both run Isthmus ${own}`);
  const what = theirs
    ? `${other} runs Isthmus ${theirs}, this gateway ${own}`
    : `${other} does not say which version it runs, and looked at less than this one would: it is older than ${own}`;
  const fix = 'It works, and is meant to pass: upgrade the older one.';
  return doubtful('version', 'VERSION_DIFFERS', what, fix);
}
