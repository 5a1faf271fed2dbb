/** Owns counting the tokens that were shown to this gateway and refused, and remembering the last. */
import type { Clock } from '../../../core/clock.ts';
import { type TokenCode, tokenCodes } from '../../../federation/token-refusal.ts';

interface Refused {
  readonly code: TokenCode;
  /** The address that it came from. */
  readonly from: string;
  /** Wall milliseconds. */
  readonly at: number;
}

/** For how long the last refusal is worth a word. */
const newsMs = 3600_000;

export class TokenRefusals {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #counts = new Map<TokenCode, number>(tokenCodes.map((code) => [code, 0]));
  #last: Refused | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  note(code: TokenCode, from: string): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    this.#last = { code, from, at: this.#clock.now() };
  }

  /** Since this gateway was started. */
  get counts(): ReadonlyMap<TokenCode, number> {
    return this.#counts;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The last one, if it was within the last hour. */
  get recent(): Refused | undefined {
    const last = this.#last;
    return last && this.#clock.now() - last.at < newsMs ? last : undefined;
  }
}
