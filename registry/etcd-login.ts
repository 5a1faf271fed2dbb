/** Owns the token that stands for etcd's user: one for all calls, and a new one when etcd knows it no more. */
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { isUnauthenticated } from './etcd-errors.ts';
import { RetryGate } from './retry-gate.ts';

export interface EtcdUser {
  readonly username: string;
  readonly password: string;
}

interface EtcdLoginOptions {
  /** Asked at every try, for a password may be changed. Throws FILE_UNREADABLE. */
  user(): Promise<EtcdUser>;
  /** Resolves with a token, or undefined where etcd has no users. Throws REGISTRY_UNAUTHENTICATED where it refuses this one. */
  authenticate(user: EtcdUser): Promise<string | undefined>;
  readonly clock: Clock;
}

/** A token that etcd forgot, as it does when it restarts, is replaced at once; from then on trying rests, and longer each time. */
const policy = { free: 1, firstRestMs: 1_000, longestRestMs: 30_000 };

type State =
  | { readonly kind: 'out' }
  /** Everybody who needs a token waits for the same one. */
  | { readonly kind: 'trying'; readonly token: Promise<string | undefined> }
  /** Undefined: etcd has no users yet. */
  | { readonly kind: 'in'; readonly token: string | undefined };

export class EtcdLogin {
  readonly #options: EtcdLoginOptions;
  readonly #gate: RetryGate;
  #state: State = { kind: 'out' };
  /** The user that etcd refused last. */
  #refused: EtcdUser | undefined;

  constructor(options: EtcdLoginOptions) {
    this.#options = options;
    this.#gate = new RetryGate(options.clock, policy);
  }

  /** Whether nobody is let in now. */
  get isOut(): boolean {
    return this.#state.kind !== 'in';
  }

  /** Throws what `user` and `authenticate` throw; while it is too early to try again, what was thrown last. */
  token(): Promise<string | undefined> {
    if (this.#state.kind === 'in') return Promise.resolve(this.#state.token);
    if (this.#state.kind === 'trying') return this.#state.token;
    const token = this.#try();
    this.#state = { kind: 'trying', token };
    return token;
  }

  /** A call with the present token was let in. */
  accepted(): void {
    if (this.#state.kind === 'in') this.#gate.open();
  }

  /** A call with `token` was not: etcd knows it no more. Many calls may say so of the same one. */
  refused(token: string | undefined, error: IsthmusError): void {
    if (this.#state.kind !== 'in' || this.#state.token !== token) return;
    this.#state = { kind: 'out' };
    this.#gate.failed(error);
  }

  async #try(): Promise<string | undefined> {
    try {
      const user = await this.#options.user();
      const isAnother =
        user.username !== this.#refused?.username || user.password !== this.#refused.password;
      if (this.#refused !== undefined && isAnother) this.#gate.open();
      this.#gate.pass();
      const token = await this.#authenticate(user);
      this.#state = { kind: 'in', token };
      return token;
    } catch (thrown) {
      this.#state = { kind: 'out' };
      throw thrown;
    }
  }

  async #authenticate(user: EtcdUser): Promise<string | undefined> {
    try {
      const token = await this.#options.authenticate(user);
      this.#refused = undefined;
      return token;
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (!isUnauthenticated(error)) throw error;
      this.#refused = user;
      const what = `etcd refuses its user ${user.username}: ${error.message}`;
      const { where, cause } = error;
      const refusal = new IsthmusError('REGISTRY_UNAUTHENTICATED', { what, where, cause });
      this.#gate.failed(refusal);
      throw refusal;
    }
  }
}
