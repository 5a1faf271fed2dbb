/** Owns following one topic while anybody reads it: look, compare with the last look, tell what changed. */
import type { Clock } from '../../../../core/clock.ts';
import { difference, type Seen, seen, whole } from './difference.ts';
import type { Topic } from './topic.ts';

/** Looks of one topic are at least this far apart, however often it changes. */
const closestMs = 200;
/** After a look comes a rest of so many times as long: a list of 20,000 services takes half a second. */
const restFactor = 4;
/** A topic is followed on for this long after its last reader, who may come back for what it missed. */
const lingerMs = 30_000;

interface FollowedTopicHandler {
  /** The first look succeeded, and what it saw. */
  began(topic: string, data: string): void;
  changed(topic: string, data: string): void;
  failed(topic: string, thrown: unknown): void;
}

type State =
  | { readonly kind: 'idle' }
  /** Followed, and not seen yet. */
  | { readonly kind: 'beginning' }
  | { readonly kind: 'following'; readonly seen: Seen };

export class FollowedTopic {
  readonly #topic: Topic;
  readonly #clock: Clock;
  readonly #handler: FollowedTopicHandler;
  #state: State = { kind: 'idle' };
  #readers = 0;
  #looking = false;
  #again = false;
  /** No look begins before, whatever changes. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(topic: Topic, clock: Clock, handler: FollowedTopicHandler) {
    this.#topic = topic;
    this.#clock = clock;
    this.#handler = handler;
  }

  /** The whole of it as it was seen last; undefined before the first look. */
  get snapshot(): string | undefined {
    return this.#state.kind === 'following' ? whole(this.#topic.name, this.#state.seen) : undefined;
  }

  join(): void {
    this.#readers += 1;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    if (this.#state.kind !== 'idle') return;
    this.#state = { kind: 'beginning' };
    this.#unwatch = this.#topic.watch?.(() => this.#soon());
    void this.#look();
  }

  leave(): void {
    this.#readers -= 1;
    if (this.#readers > 0) return;
    this.#cancelLinger = this.#clock.after(lingerMs, () => this.stop());
  }

  stop(): void {
    this.#state = { kind: 'idle' };
    this.#cancelLinger?.();
    this.#cancelLook?.();
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #soon(): void {
    if (this.#looking) this.#again = true;
    else this.#lookIn(this.#restMs);
  }

  get #restMs(): number {
    return Math.max(0, this.#restsUntil - this.#clock.monotonic());
  }

  #lookIn(ms: number): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#clock.after(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    this.#again = false;
    this.#cancelLook?.();
    const began = this.#clock.monotonic();
    try {
      this.#saw(seen(await this.#topic.look(), this.#topic));
    } catch (thrown) {
      this.#handler.failed(this.#topic.name, thrown);
    }
    const ended = this.#clock.monotonic();
    this.#restsUntil = Math.max(began + closestMs, ended + restFactor * (ended - began));
    this.#looking = false;
    if (this.#state.kind === 'idle') return;
    this.#lookIn(this.#again ? this.#restMs : Math.max(this.#restMs, this.#topic.everyMs));
  }

  #saw(now: Seen): void {
    const { name } = this.#topic;
    const before = this.#state;
    if (before.kind === 'idle') return;
    this.#state = { kind: 'following', seen: now };
    if (before.kind === 'beginning') {
      this.#handler.began(name, whole(name, now));
      return;
    }
    const data = difference(name, before.seen, now);
    if (data !== undefined) this.#handler.changed(name, data);
  }
}
