/** Owns calls to the admin API of the gateway that is looked at. */
import { pathAt, vantage } from '../live/vantage.ts';
import { ProblemError, problemFrom, unreachable } from './problem.ts';
import { authorization, signInWanted } from './token.ts';

const timeoutMs = 15_000;

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly accept?: string;
  /** Only what is there as this ETag says is replaced. */
  readonly ifMatch?: string;
  /** Nothing that is there is replaced. */
  readonly onlyNew?: boolean;
  /** Whose gateway is asked; default: the one looked at. */
  readonly at?: string | undefined;
}

/** Resolves to the answer's JSON, undefined for none. Throws a ProblemError. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** As `call`, with the ETag of what is there now. */
export async function callTagged<T>(
  path: string,
  options: CallOptions = {},
): Promise<{ readonly value: T; readonly tag: string }> {
  const response = await send(path, options);
  return { value: (await response.json()) as T, tag: response.headers.get('etag') ?? '' };
}

/** As `call`, for what isn't JSON. */
export async function callText(path: string, options: CallOptions = {}): Promise<string> {
  return (await send(path, options)).text();
}

async function send(path: string, options: CallOptions): Promise<Response> {
  const { method = 'GET', body, accept = 'application/json', at = vantage.peek() } = options;
  const { ifMatch, onlyNew } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(pathAt(at, path), {
      method,
      headers: {
        accept,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        ...(onlyNew && { 'if-none-match': '*' }),
        ...authorization(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (thrown) {
    if (options.signal?.aborted) throw thrown;
    throw unreachable(thrown);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** What the gateway says no with; 401 also asks for a token. */
export async function refusal(response: Response): Promise<ProblemError> {
  if (response.status === 401) signInWanted.value = true;
  const body: unknown = await response.json().catch(() => undefined);
  return new ProblemError(problemFrom(response.status, body));
}
