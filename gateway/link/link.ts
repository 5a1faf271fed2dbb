/** Owns one connection to one address of another cluster: made, kept alive, replaced before it is let go, made again. */
import type { TrustDomain } from '../../certs/spiffe-id.ts';
import { type BackoffPolicy, backoffDelay } from '../../core/backoff.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { LinkState } from '../balance/types.ts';
import type { Dial } from './dial.ts';
import { LinkSession } from './session.ts';

export interface LinkOptions {
  readonly address: string;
  readonly trustDomain: TrustDomain;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: LinkTiming;
  /** Whether it is to look dead although it is not. */
  isCut(): boolean;
  /** After every change of state, round trip or reason. */
  onChange(): void;
}

/** All in milliseconds. */
export interface LinkTiming {
  /** Connecting, shaking hands and the first PING together; default 5000. */
  readonly connectMs: number;
  /** Rest between the answer to a PING and the next; default 200, so that silence is noticed in under a second. */
  readonly pingIntervalMs: number;
  /** How long requests on a replaced connection may still take; default 300000. */
  readonly drainMs: number;
  /** Before connecting again; default 100 doubling to 5000, jittered. */
  readonly reconnect: BackoffPolicy;
}

export const defaultLinkTiming: LinkTiming = {
  connectMs: 5_000,
  pingIntervalMs: 200,
  drainMs: 300_000,
  reconnect: { baseMs: 100, maxMs: 5_000 },
};

type State =
  /** No verdict yet, or asked by the other side to come again. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up'; readonly session: LinkSession }
  /** Up, with a successor on its way. */
  | { readonly kind: 'replacing'; readonly session: LinkSession }
  /** Connecting failed or the connection broke; tried again until it works. */
  | { readonly kind: 'down'; readonly why: string }
  | { readonly kind: 'closed' };

export class Link {
  readonly #options: LinkOptions;
  #state: State = { kind: 'connecting' };
  #attempt = 0;
  #cancelRetry: () => void = () => undefined;
  /** Counts what makes a connection outdated, so that one begun before is replaced as soon as it is there. */
  #generation = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connect();
  }

  get address(): string {
    return this.#options.address;
  }

  get state(): LinkState {
    const { kind } = this.#state;
    if (kind === 'replacing') return 'up';
    return kind === 'closed' ? 'none' : kind;
  }

  /** Why it is down, as a sentence; undefined when it is not. */
  get why(): string | undefined {
    return this.#state.kind === 'down' ? this.#state.why : undefined;
  }

  get session(): LinkSession | undefined {
    return 'session' in this.#state ? this.#state.session : undefined;
  }

  /** Makes a new connection, with the identity of now, and only then lets the present one go. */
  refresh(): void {
    this.#generation++;
    if (this.#state.kind !== 'up') return;
    this.#setState({ kind: 'replacing', session: this.#state.session });
    this.#connect();
  }

  /** Lets requests under way finish within `limitMs`, connects no more. */
  close(limitMs: number): void {
    const { session } = this;
    this.#cancelRetry();
    this.#setState({ kind: 'closed' });
    if (limitMs > 0) session?.drain(limitMs);
    else session?.destroy('the link was closed');
  }

  #setState(next: State): void {
    this.#state = next;
    this.#options.onChange();
  }

  #connect(): void {
    const generation = this.#generation;
    this.#establish().then(
      (session) => this.#established(session, generation),
      (error: unknown) => this.#failed(messageOf(error)),
    );
  }

  /** A session whose first PING was answered. */
  async #establish(): Promise<LinkSession> {
    const { address, trustDomain, dial, clock, timing } = this.#options;
    const dialed = await dial(address, trustDomain, timing.connectMs);
    return new Promise((resolve, reject) => {
      const session: LinkSession = new LinkSession({
        dialed,
        address,
        clock,
        pingIntervalMs: timing.pingIntervalMs,
        isCut: () => this.#options.isCut(),
        onRtt: () => {
          resolve(session);
          if (this.session === session) this.#options.onChange();
        },
        onGoingAway: () => this.#goingAway(session),
        onEnd: (why) => {
          reject(new Error(why));
          this.#ended(session, why);
        },
      });
    });
  }

  #established(session: LinkSession, generation: number): void {
    if (this.#state.kind === 'closed' || !session.usable) {
      session.destroy('not needed any more');
      if (this.#state.kind !== 'closed') this.#failed('the connection ended at once');
      return;
    }
    const previous = this.session;
    this.#attempt = 0;
    this.#setState({ kind: 'up', session });
    previous?.drain(this.#options.timing.drainMs);
    if (generation !== this.#generation) this.refresh();
  }

  /** A connection that is up stays so while its successor fails to come. */
  #failed(why: string): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind !== 'replacing') this.#setState({ kind: 'down', why });
    this.#retryLater();
  }

  #goingAway(session: LinkSession): void {
    if (this.session !== session) return;
    const connects = this.#state.kind === 'replacing';
    this.#setState({ kind: 'connecting' });
    if (!connects) this.#connect();
  }

  #ended(session: LinkSession, why: string): void {
    if (this.session !== session) return;
    const connects = this.#state.kind === 'replacing';
    this.#setState({ kind: 'down', why });
    if (!connects) this.#retryLater();
  }

  #retryLater(): void {
    const { clock, random, timing } = this.#options;
    const delay = backoffDelay(timing.reconnect, this.#attempt++, random);
    this.#cancelRetry = clock.after(delay, () => this.#connect());
  }
}
