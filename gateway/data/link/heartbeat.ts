/** Owns noticing that a connection is silent although nothing says that it broke: PINGs that stay unanswered. */
import type { Clock } from '../../../core/clock.ts';
import { SlowestAnswer, smoothed } from './rtt.ts';
import { nextLookMs, silenceLimits, suspicionOf } from './silence.ts';

interface HeartbeatOptions {
  readonly clock: Clock;
  /** Rest between an answer and the next PING, in milliseconds. */
  readonly intervalMs: number;
  /** Sends a PING and calls `answered` when it is answered; never, when it is not. */
  ping(answered: () => void): void;
  /** Bytes received so far. */
  received(): number;
  /** Smoothed, and as it was this time. */
  onRtt(rttMs: number, lastMs: number): void;
  /** The connection has become suspect, or is not any more. */
  onSuspicion(): void;
  /** Suspect for so long that what was sent had better go elsewhere; said again at each look from then on. */
  onForsaken(): void;
  onDead(silentMs: number): void;
}

/** One PING at a time, and another one at each look that finds it unanswered, for as long as it is not stopped. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #rttMs: number | undefined;
  readonly #slowest = new SlowestAnswer();
  /** When the first PING that is unanswered was sent; undefined while it rests. */
  #askedAt: number | undefined;
  /** Bytes received up to the last look. */
  #received = 0;
  #isSuspect = false;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#beat();
  }

  /** Smoothed round trip in milliseconds, once there is one. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Silent for so long that it may be dead; whole again with the next byte. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Something was read. */
  heard(): void {
    if (this.#isSuspect && this.#options.received() > this.#received) this.#suspect(false);
  }

  /** Another connection to the same place is suspect: so is this one, where it is silent too, if not for as long. */
  doubt(): void {
    const { clock, received } = this.#options;
    if (this.#isSuspect || this.#askedAt === undefined || received() > this.#received) return;
    const silentMs = clock.monotonic() - this.#askedAt;
    // PINGs of two connections are a rest apart; a third is always longer than the way.
    if (silentMs >= this.#limits.suspectMs / 3) this.#suspect(true);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  get #limits(): ReturnType<typeof silenceLimits> {
    return silenceLimits(this.#rttMs, this.#slowest.ms);
  }

  #beat(): void {
    const askedAt = this.#options.clock.monotonic();
    this.#askedAt = askedAt;
    this.#ask(askedAt, askedAt);
    // A transport may answer at once, or find itself dead and stop this.
    if (this.#askedAt === askedAt && !this.#stopped) this.#await(askedAt);
  }

  /** Any answer to what was sent since `askedAt` will do. */
  #ask(askedAt: number, sentAt: number): void {
    this.#options.ping(() => {
      if (this.#askedAt !== askedAt || this.#stopped) return;
      this.#askedAt = undefined;
      this.#cancel();
      this.#suspect(false);
      this.#measure(this.#options.clock.monotonic() - sentAt);
      this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => this.#beat());
    });
  }

  /** An answer that was late enough for suspicion says little of the way. */
  #measure(lastMs: number): void {
    const { suspectMs } = this.#limits;
    this.#rttMs = smoothed(this.#rttMs, Math.min(lastMs, suspectMs));
    this.#slowest.add(Math.min(lastMs, suspectMs));
    this.#options.onRtt(this.#rttMs, lastMs);
  }

  #await(askedAt: number): void {
    const { clock, received, onDead, onForsaken } = this.#options;
    const limits = this.#limits;
    const now = clock.monotonic();
    const waitMs = nextLookMs(now - askedAt, limits);
    this.#received = received();
    this.#cancel = clock.after(waitMs, () => {
      const then = clock.monotonic();
      const sinceMs = then - askedAt;
      const isHeard = received() > this.#received;
      const suspicion = suspicionOf({ sinceMs, isHeard, lateMs: then - now - waitMs }, limits);
      if (suspicion === 'dead') {
        onDead(sinceMs);
        return;
      }
      // The one before may never have left.
      this.#ask(askedAt, then);
      if (this.#askedAt !== askedAt || this.#stopped) return;
      this.#await(askedAt);
      if (suspicion !== 'suspect') return;
      this.#suspect(true);
      if (sinceMs >= limits.offerMs) onForsaken();
    });
  }

  #suspect(isSuspect: boolean): void {
    if (this.#isSuspect === isSuspect) return;
    this.#isSuspect = isSuspect;
    this.#options.onSuspicion();
  }
}
