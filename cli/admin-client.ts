/** Owns talking to a gateway's admin API: one request, one answer, within ten seconds, failures as coded errors. */
import { type IncomingMessage, request } from 'node:http';
import { type RequestOptions, request as secureRequest } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { type ErrorCode, errorCodes } from '../core/error-codes.ts';
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { AdminAddress } from './admin-address.ts';

const defaultTimeoutMs = 10_000;

/** How long a join may take: every address of every member is looked at before, and those that stay silent have their time. */
export const joinTimeoutMs = 60_000;

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** Conditions without which the gateway changes nothing: `PRECONDITION_FAILED`. */
export type Conditions = Readonly<Partial<Record<'if-match' | 'if-none-match', string>>>;

/** An object, and the tag for `if-match` of what is there now; absent where the gateway gives none. */
export interface Tagged<T> {
  readonly value: T;
  readonly etag?: string | undefined;
}

/** The credentials of a command, where the API asks for them. */
export interface Credentials {
  /** Bearer token. */
  readonly token?: string | undefined;
  /** PEM: whom to trust in place of the public authorities, and a client certificate. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export class AdminClient {
  readonly address: AdminAddress;
  readonly #timeoutMs: number;
  readonly #credentials: Credentials;

  /** `timeoutMs` bounds a whole exchange, default 10 s. */
  constructor(
    address: AdminAddress,
    timeoutMs: number = defaultTimeoutMs,
    credentials: Credentials = {},
  ) {
    this.address = address;
    this.#timeoutMs = timeoutMs;
    this.#credentials = credentials;
  }

  get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    const given = Object.entries(query).filter((e): e is [string, string] => e[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    return this.send('GET', path + search);
  }

  /** The object at `path`, and its tag for `if-match`. Throws as `send` does. */
  async getTagged<T>(path: string): Promise<{ readonly value: T; readonly etag: string }> {
    const { value, etag = '*' } = await this.sendTagged<T>('GET', path);
    return { value, etag };
  }

  /**
   * Sends a request and resolves to the JSON answer, or undefined when there is none (204). Throws what the gateway
   * answered under its own code, ADMIN_UNREACHABLE when nothing like a gateway answered, TIMED_OUT when nothing did in time.
   */
  async send<T>(
    method: Method,
    path: string,
    body?: unknown,
    conditions: Conditions = {},
    timeoutMs = this.#timeoutMs,
  ): Promise<T> {
    return (await this.sendTagged<T>(method, path, body, conditions, timeoutMs)).value;
  }

  /** The same, with the tag of what is there now. */
  async sendTagged<T>(
    method: Method,
    path: string,
    body?: unknown,
    conditions: Conditions = {},
    timeoutMs = this.#timeoutMs,
  ): Promise<Tagged<T>> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await this.#exchange(method, path, body, signal, undefined, conditions);
      const value = this.#answer(response, await readText(response));
      return { value: value as T, etag: response.headers.etag };
    } catch (thrown) {
      if (thrown instanceof IsthmusError) throw thrown;
      throw this.#failure(thrown, signal.aborted ? timeoutMs : undefined);
    }
  }

  /** Reads an answer of another kind, as it is written. Throws as `send` does. */
  async read(path: string, accept: string): Promise<string> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await this.#exchange('GET', path, undefined, signal, accept);
      const body = await readText(response);
      if (response.statusCode === 200) return body;
      this.#answer(response, body);
      return '';
    } catch (thrown) {
      if (thrown instanceof IsthmusError) throw thrown;
      throw this.#failure(thrown, signal.aborted ? this.#timeoutMs : undefined);
    }
  }

  /** Opens an answer that goes on; whoever reads it ends it through `signal`. Throws as `send` does until its head is there. */
  async open(path: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
    let response: IncomingMessage;
    try {
      response = await this.#exchange('GET', path, undefined, signal, accept);
    } catch (thrown) {
      throw this.#failure(thrown, undefined);
    }
    if (response.statusCode !== 200) this.#answer(response, await readText(response));
    return response;
  }

  #exchange(
    method: Method,
    path: string,
    body: unknown,
    signal: AbortSignal,
    accept = 'application/json',
    conditions: Conditions = {},
  ): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const { token, ca, cert, key } = this.#credentials;
    const isSecure = this.address.kind === 'http' && this.address.url.protocol === 'https:';
    const to: RequestOptions =
      this.address.kind === 'unix'
        ? { socketPath: this.address.path, host: 'localhost' }
        : {
            host: this.address.url.hostname.replace(/^\[|\]$/g, ''),
            port: this.address.url.port || (isSecure ? 443 : 80),
          };
    const headers = {
      ...conditions,
      accept: `${accept}, application/problem+json`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    };
    return new Promise((resolve, reject) => {
      const options = { ...to, method, path, headers, signal, agent: false };
      const outgoing = isSecure
        ? secureRequest({ ...options, ca, cert, key }, resolve)
        : request(options, resolve);
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }

  #answer(response: IncomingMessage, body: string): unknown {
    const status = response.statusCode ?? 0;
    if (status === 204) return undefined;
    let json: unknown;
    try {
      json = JSON.parse(body);
    } catch (cause) {
      throw this.#unreachable(`What answered (HTTP ${status}) is not a gateway's admin API`, cause);
    }
    if (status >= 200 && status < 300) return json;
    throw this.#problem(status, json);
  }

  #problem(status: number, json: unknown): IsthmusError {
    const { code, detail, where, fix } = (json ?? {}) as Partial<Record<string, string>>;
    if (typeof code !== 'string' || typeof detail !== 'string') {
      return this.#unreachable(`What answered (HTTP ${status}) is not a gateway's admin API`);
    }
    const known = Object.hasOwn(errorCodes, code);
    // A newer gateway may have codes that this command has not.
    const what = known ? detail : `${detail} (${code})`;
    return new IsthmusError(known ? (code as ErrorCode) : 'INTERNAL', { what, where, fix });
  }

  /** `waitedMs` is undefined where the answer was not waited for in vain. */
  #failure(thrown: unknown, waitedMs: number | undefined): IsthmusError {
    if (waitedMs === undefined) return this.#unanswered(thrown);
    return new IsthmusError('TIMED_OUT', {
      what: `The gateway did not answer within ${waitedMs / 1000} s`,
      where: this.address.text,
      cause: thrown,
    });
  }

  /** The error for a request without an answer; where somebody listens and TLS stands in between, it says so. */
  #unanswered(thrown: unknown): IsthmusError {
    // Node.js advises a flag of its own, which this command has not.
    const why = messageOf(thrown).replace(/; if the root CA .*$/, '');
    const code = String((thrown as NodeJS.ErrnoException | undefined)?.code);
    if (/CERT|UNABLE_TO/.test(code)) {
      const what = `The gateway's certificate is not trusted: ${why}`;
      return this.#unreachable(what, thrown, 'Name its authority with --ca, or the right host.');
    }
    if (code === 'EPROTO') {
      const what = `What answers does not speak TLS: ${why}`;
      return this.#unreachable(what, thrown, 'Name it as http://, or at its own port.');
    }
    const fix =
      code === 'ECONNRESET'
        ? 'If it speaks TLS, name it as https://; and see that the port is that of the admin API.'
        : undefined;
    return this.#unreachable(`No gateway answers: ${why}`, thrown, fix);
  }

  #unreachable(what: string, cause?: unknown, fix?: string): IsthmusError {
    return new IsthmusError('ADMIN_UNREACHABLE', { what, where: this.address.text, cause, fix });
  }
}
