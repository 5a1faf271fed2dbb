/** Owns what went wrong as the UI shows it: the gateway's problem document (RFC 9457), or why there is none. */

export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly where?: string;
  readonly fix?: string;
  /** HTTP status; absent when there was no answer. */
  readonly status?: number;
}

export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.what, options);
    this.problem = problem;
  }
}

/** Whatever was thrown, as a problem to show. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ProblemError) return thrown.problem;
  return {
    code: 'UI_FAILED',
    what: thrown instanceof Error ? thrown.message : String(thrown),
    fix: 'Reload the page. If it comes back, the browser console says more.',
  };
}

/** Reads an answer that isn't 2xx. `body` is undefined when it is no JSON. */
export function problemFrom(status: number, body: unknown): Problem {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (...names: string[]) =>
    names.map((name) => said[name]).find((value) => typeof value === 'string' && value !== '') as
      | string
      | undefined;
  const where = text('where', 'instance');
  const fix = text('fix');
  return {
    code: text('code') ?? `HTTP_${status}`,
    what: text('what', 'detail', 'title') ?? `The gateway answered with status ${status}`,
    ...(where !== undefined && { where }),
    ...(fix !== undefined && { fix }),
    status,
  };
}

/** Why a request got no answer at all. */
export function unreachable(cause: unknown): ProblemError {
  const slow = cause instanceof DOMException && cause.name === 'TimeoutError';
  return new ProblemError(
    {
      code: slow ? 'NO_ANSWER' : 'UNREACHABLE',
      what: slow ? 'The gateway did not answer in time' : 'The gateway can’t be reached',
      fix: 'See that its process runs and that its admin address is the one in the address bar, then try again. What you typed is kept.',
    },
    { cause },
  );
}
