/** Owns one connection to one address of another cluster: made, kept alive, replaced before it is let go, made again. */
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import { type BackoffPolicy, backoffDelay } from '../../../core/backoff.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { LinkState } from '../balance/types.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import type { Dial } from './dial.ts';
import { LinkSession } from './session.ts';

interface LinkOptions {
  readonly address: string;
  readonly trustDomain: TrustDomain;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: LinkTiming;
  /** Limits on heads of responses, without the fields that gateways add. */
  readonly heads: HeadLimits;
  /** Links of this gateway that are down, this one among them: the more there are, the longer each waits before it tries again. */
  down(): number;
  /** Whether another link tries for this one, to the same address or from another worker: this one waits until it is hurried. */
  isLed(): boolean;
  /** Whether it is to look dead although it is not. */
  isCut(): boolean;
  /** After every change of state, round trip or reason. */
  onChange(): void;
  /** Its session has been silent for so long that what was sent had better go elsewhere. */
  onForsaken(): void;
}

/** All in milliseconds. */
export interface LinkTiming {
  /** Connecting, shaking hands and the first PING together; default 5000. */
  readonly connectMs: number;
  /** Rest between the answer to a PING and the next; default 200, so that silence is noticed in two thirds of a second. */
  readonly pingIntervalMs: number;
  /** How long requests on a replaced connection may still take; default 300000. */
  readonly drainMs: number;
  /** Before connecting again; default 100 doubling to 5000, jittered; where over 25 links are down, to 200 for each, and at most 30000. */
  readonly reconnect: BackoffPolicy;
}

export const defaultLinkTiming: LinkTiming = {
  connectMs: 5_000,
  pingIntervalMs: 200,
  drainMs: 300_000,
  reconnect: { baseMs: 100, maxMs: 5_000 },
};

/** So many tries are made a second at most, and no link waits for longer: what it costs does not grow with what is lost. */
const spacingMs = 200;
const longestWaitMs = 30_000;

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
  /** Present while it waits before it connects again. */
  #cancelRetry: (() => void) | undefined;
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
    if ('session' in this.#state) return this.#state.session.isSuspect ? 'suspect' : 'up';
    const { kind } = this.#state;
    return kind === 'closed' ? 'none' : kind;
  }

  /** Why it is down or suspect; undefined when it is neither. */
  get why(): string | undefined {
    if (this.session?.isSuspect) return 'nothing is heard from it: a PING is not answered';
    return this.#state.kind === 'down' ? this.#state.why : undefined;
  }

  get session(): LinkSession | undefined {
    return 'session' in this.#state ? this.#state.session : undefined;
  }

  /** Makes a new connection, with the identity of now, and only then lets the present one go. */
  refresh(): void {
    this.#generation++;
    this.hurry();
    if (this.#state.kind !== 'up') return;
    this.#setState({ kind: 'replacing', session: this.#state.session });
    this.#connect();
  }

  /** There is a sign of life from where it leads: it waits no longer before it connects. Returns whether it waited. */
  hurry(): boolean {
    if (this.#cancelRetry === undefined) return false;
    this.#attempt = 0;
    this.#connect();
    return true;
  }

  /** Lets requests under way finish within `limitMs`, connects no more. */
  close(limitMs: number): void {
    const { session } = this;
    this.#cancelRetry?.();
    this.#setState({ kind: 'closed' });
    if (limitMs > 0) session?.drain(limitMs);
    else session?.destroy('the link was closed');
  }

  #setState(next: State): void {
    this.#state = next;
    this.#options.onChange();
  }

  #connect(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const generation = this.#generation;
    this.#establish().then(
      (session) => this.#established(session, generation),
      (error: unknown) => this.#failed(messageOf(error)),
    );
  }

  /** A session whose first PING was answered. */
  async #establish(): Promise<LinkSession> {
    const { address, trustDomain, dial, clock, timing, heads } = this.#options;
    const dialed = await dial(address, trustDomain, timing.connectMs);
    return new Promise((resolve, reject) => {
      const session: LinkSession = new LinkSession({
        dialed,
        address,
        clock,
        heads,
        pingIntervalMs: timing.pingIntervalMs,
        isCut: () => this.#options.isCut(),
        onRtt: () => {
          resolve(session);
          if (this.session === session) this.#options.onChange();
        },
        onSuspicion: () => {
          if (this.session === session) this.#options.onChange();
        },
        onForsaken: () => {
          if (this.session === session) this.#options.onForsaken();
        },
        onWarning: () => this.#warned(session),
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
    if (session.isWarned && previous?.usable) {
      session.destroy('it is about to end, as the one that it was to replace');
      this.#retryLater();
      return;
    }
    this.#attempt = 0;
    this.#setState({ kind: 'up', session });
    previous?.drain(this.#options.timing.drainMs);
    if (generation !== this.#generation || session.isWarned) this.refresh();
  }

  /** A connection that is up stays so while its successor fails to come. */
  #failed(why: string): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind !== 'replacing') this.#setState({ kind: 'down', why });
    this.#retryLater();
  }

  /** Whoever ends it listens no more: what answers there now, if anything does, is who comes after. */
  #warned(session: LinkSession): void {
    if (this.session === session && this.#state.kind === 'up') this.refresh();
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
    const { clock, random, timing, down, isLed } = this.#options;
    if (isLed()) {
      this.#cancelRetry = () => undefined;
      return;
    }
    const { baseMs, maxMs } = timing.reconnect;
    const most = Math.max(maxMs, Math.min(longestWaitMs, spacingMs * down()));
    const delay = backoffDelay({ baseMs, maxMs: most }, this.#attempt++, random);
    this.#cancelRetry = clock.after(delay, () => this.#connect());
  }
}
