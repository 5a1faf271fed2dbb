/** Owns transfers that measure bandwidth: their size, how much of them a gateway gives away in a minute, and what one came to. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError, messageOf } from '../../../core/errors.ts';
import type { OtherGateway } from '../others/other-gateway.ts';

export const transferPath = '/v1/verify/transfer';

/** Enough for a connection's window to open; and how long the rest is waited for on a slow line: what came by then tells its bandwidth as well. */
export const transferBytes = 4 * 1024 * 1024;
const transferMs = 5_000;
/** Of one gateway, to all that ask it. */
const bytesPerMinute = 64 * 1024 * 1024;
const pieceBytes = 64 * 1024;

export type Transfer =
  | { readonly kind: 'done'; readonly bytes: number; readonly ms: number }
  | { readonly kind: 'refused'; readonly why: string };

/** What a gateway may give away: refilled all the time, full after a minute. */
export class TransferBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #left = bytesPerMinute;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Takes one transfer from it. Throws RATE_LIMITED. */
  take(): void {
    const now = this.#clock.monotonic();
    this.#left = Math.min(
      bytesPerMinute,
      this.#left + ((now - this.#at) * bytesPerMinute) / 60_000,
    );
    this.#at = now;
    if (this.#left < transferBytes) {
      throw new IsthmusError('RATE_LIMITED', {
        what: `This gateway has given away ${bytesPerMinute / 1024 / 1024} MiB within a minute`,
        fix: 'Ask again in a minute.',
      });
    }
    this.#left -= transferBytes;
  }
}

/** Octets that nothing on the way could make fewer of. */
export function transferBody(): Readable {
  const piece = randomBytes(pieceBytes);
  let left = transferBytes / pieceBytes;
  return new Readable({
    read() {
      this.push(left-- > 0 ? piece : null);
    },
  });
}

/** Never rejects. */
export async function transferFrom(
  other: OtherGateway,
  read: (
    other: OtherGateway,
    path: string,
    withinMs: number,
  ) => Promise<{ readonly bytes: number; readonly ms: number }>,
): Promise<Transfer> {
  try {
    return { kind: 'done', ...(await read(other, transferPath, transferMs)) };
  } catch (thrown) {
    return { kind: 'refused', why: messageOf(thrown) };
  }
}
