/** Owns calls to the admin API of the gateway that is looked at. */
import { pathAt, vantage } from '../live/vantage.ts';
import { ProblemError, problemFrom, unreachable } from './problem.ts';
import { authorization, wantSignIn } from './token.ts';

const timeoutMs = 15_000;
/** The gateway that served this page. */
export const home: unique symbol = Symbol('home');

interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly accept?: string;
  /** Replaces only an object that has this ETag. */
  readonly ifMatch?: string;
  /** Only creates: nothing that exists is replaced. */
  readonly onlyNew?: boolean;
  /** The cluster whose gateway is asked, or the one that served this page; default: the one looked at. */
  readonly at?: string | typeof home | undefined;
  /** Token to ask with; default: the one signed in with. */
  readonly bearer?: string;
}

/** Resolves to the answer's JSON, undefined for none. Throws a ProblemError. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** As `call`, with the ETag of the answer. */
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
  const { ifMatch, onlyNew, bearer } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(pathAt(at === home ? undefined : at, path), {
      method,
      headers: {
        accept,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        ...(onlyNew && { 'if-none-match': '*' }),
        ...authorization(bearer),
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

/** The gateway's refusal as a problem; 401 also asks for a token, another one where there is one. */
export async function refusal(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemFrom(response.status, body);
  if (response.status === 401) wantSignIn(problem);
  return new ProblemError(problem);
}
