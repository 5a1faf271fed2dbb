/** Owns noticing that a connection is dead although nothing says so: PINGs that stay unanswered. */
import type { Clock } from '../../core/clock.ts';
import { pingTimeout, smoothed } from './rtt.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Rest between an answer and the next PING, in milliseconds. */
  readonly intervalMs: number;
  /** Sends a PING and calls `answered` when it is answered; never, when it is not. */
  ping(answered: () => void): void;
  /** Bytes received so far. */
  received(): number;
  /** Smoothed, and as it was this time. */
  onRtt(rttMs: number, lastMs: number): void;
  onDead(silentMs: number): void;
}

/** A timer this late means that this process stalled, not the other side. */
const stallMs = 100;
/**
 * A stall, or other bytes than the answer, excuse silence for at most this many timeouts: the way there may
 * be cut although the way back is not.
 */
const graceTimeouts = 4;

/** One PING at a time, for as long as it is not stopped. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #rttMs: number | undefined;
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

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #beat(): void {
    const { clock, intervalMs, ping } = this.#options;
    const sentAt = clock.monotonic();
    let waiting = true;
    ping(() => {
      if (!waiting || this.#stopped) return;
      waiting = false;
      this.#cancel();
      const lastMs = clock.monotonic() - sentAt;
      this.#rttMs = smoothed(this.#rttMs, lastMs);
      this.#options.onRtt(this.#rttMs, lastMs);
      this.#cancel = clock.after(intervalMs, () => this.#beat());
    });
    // A transport may answer at once, or find itself dead and stop this.
    if (waiting && !this.#stopped) this.#await(sentAt, this.#options.received());
  }

  #await(sentAt: number, receivedThen: number): void {
    const { clock, received, onDead } = this.#options;
    const timeout = pingTimeout(this.#rttMs);
    const due = clock.monotonic() + timeout;
    this.#cancel = clock.after(timeout, () => {
      const now = clock.monotonic();
      const excused = received() > receivedThen || now - due > stallMs;
      if (excused && now - sentAt < graceTimeouts * timeout) this.#await(sentAt, received());
      else onDead(now - sentAt);
    });
  }
}
