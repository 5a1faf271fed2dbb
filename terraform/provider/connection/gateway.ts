/** Owns asking the gateway that a provider block names: again where that may help, and told so that it helps whoever runs Terraform. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient, Conditions, Method, Tagged } from '../../../cli/admin-client.ts';
import { type BackoffPolicy, backoffDelay } from '../../../core/backoff.ts';
import type { Random } from '../../../core/clock.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { Status } from '../../../gateway/control/api/answers.ts';
import { Refusal } from '../diagnostics.ts';

interface GatewayOptions {
  /** Tries after the first. */
  readonly retries: number;
  /** This provider's. */
  readonly version: string;
  readonly random: Random;
  /** Ends all waiting. */
  readonly stopped: AbortSignal;
  /** Is told of each request that is sent again; never of what is in it. */
  readonly warn: (message: string) => void;
}

const backoff: BackoffPolicy = { baseMs: 250, maxMs: 4_000 };

/** What may be over in a moment. Of the first nothing was done. */
const refusedForNow: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'DRAINING', 'NOT_READY']);
const failedForNow: ReadonlySet<ErrorCode> = new Set([
  'TIMED_OUT',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_CONFLICT',
  'ISSUER_UNREACHABLE',
]);

/** Of a gateway that is starting, and of one that is cut off. A gateway on a socket that is not there yet is starting. */
const notConnected = /^(ECONNREFUSED|ENOENT|EAI_AGAIN|EHOSTUNREACH)$/;
const cutOff = /^(ECONNRESET|EPIPE|ETIMEDOUT)$/;

/** What a gateway answers that does not know what it is asked. */
const unknownThere: ReadonlySet<ErrorCode> = new Set([
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'BODY_INVALID',
]);

/** The gateway can't be reached, and somebody has been told so. */
export class ToldAlready extends Refusal {}

export class Gateway {
  readonly #client: AdminClient;
  readonly #options: GatewayOptions;
  #isLost = false;

  constructor(client: AdminClient, options: GatewayOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** `GET` of one object, with its tag for `if-match`. Throws coded errors, and `Refusal`. */
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<Tagged<T>> {
    const given = Object.entries(query ?? {}).filter(
      (e): e is [string, string] => e[1] !== undefined,
    );
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    return this.send<T>('GET', path + search);
  }

  /**
   * One request, sent again where what it does is done once all the same. Resolves to the answer, with the tag of what is there now. Throws
   * coded errors, and `Refusal`. Once the gateway can't be reached it is not asked again, and who asks is told in short.
   */
  async send<T>(
    method: Method,
    path: string,
    body?: unknown,
    conditions?: Conditions,
  ): Promise<Tagged<T>> {
    for (let attempt = 0; ; attempt++) {
      if (this.#isLost) throw this.#toldAlready();
      try {
        return await this.#client.sendTagged<T>(method, path, body, conditions);
      } catch (thrown) {
        const error = asIsthmusError(thrown);
        if (isPassing(error, method) && attempt < this.#options.retries)
          await this.#wait(attempt, error);
        else throw await this.#explained(error, path);
      }
    }
  }

  async #wait(attempt: number, error: IsthmusError): Promise<void> {
    const { random, stopped } = this.#options;
    try {
      await delay(backoffDelay(backoff, attempt, random), undefined, { signal: stopped });
    } catch {
      throw error;
    }
  }

  async #explained(error: IsthmusError, path: string): Promise<IsthmusError> {
    if (this.#isUnreachable(error)) {
      if (this.#isLost) throw this.#toldAlready();
      this.#isLost = true;
      return error;
    }
    return unknownThere.has(error.code) ? this.#ofVersion(error, path) : error;
  }

  /** A gateway may say TIMED_OUT as well, of others; what this client says is of the gateway. */
  #isUnreachable({ code, where }: IsthmusError): boolean {
    return (
      code === 'ADMIN_UNREACHABLE' || (code === 'TIMED_OUT' && where === this.#client.address.text)
    );
  }

  #toldAlready(): ToldAlready {
    return new ToldAlready({
      severity: 'error',
      summary: 'Not done',
      detail: `The gateway at ${this.#client.address.text} can't be reached, as is said elsewhere.`,
    });
  }

  /** What a gateway does not know may be younger than it. */
  async #ofVersion(error: IsthmusError, path: string): Promise<IsthmusError> {
    const there = await this.#version();
    if (there === undefined || !isOlder(there, this.#options.version)) return error;
    const lacks = error.code === 'BODY_INVALID' ? '' : `, which has no ${path.split('?')[0]}`;
    return new IsthmusError(error.code, {
      what: `${error.message} (the gateway runs Isthmus ${there}${lacks}; this provider is ${this.#options.version})`,
      where: error.where,
      fix: `Upgrade the gateway to ${this.#options.version}, or pin the provider to ${there}.`,
      cause: error,
    });
  }

  async #version(): Promise<string | undefined> {
    try {
      return (await this.#client.get<Status>('/v1/status')).version;
    } catch {
      // What it was refused for is told as it is.
      return undefined;
    }
  }
}

/** Whether to ask again. What is made anew by each request (POST) is not asked for again where it may be made already. */
function isPassing({ code, cause }: IsthmusError, method: Method): boolean {
  const mayRepeat = method !== 'POST';
  if (code !== 'ADMIN_UNREACHABLE') {
    return refusedForNow.has(code) || (mayRepeat && failedForNow.has(code));
  }
  const fault = String((cause as NodeJS.ErrnoException | undefined)?.code);
  return notConnected.test(fault) || (mayRepeat && cutOff.test(fault));
}

/** Whether one version comes before another, as Semantic Versioning orders them, pre-releases aside. */
function isOlder(one: string, other: string): boolean {
  const [mine, theirs] = [one, other].map((text) => text.split(/[-+]/)[0]?.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (mine?.[part] ?? 0) - (theirs?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
