/**
 * Owns the arithmetic of a token bucket, kept as one moment: that at which it is full again (the generic cell rate algorithm, ITU-T
 * I.371). All times are microseconds of one clock.
 */

/** `tokenUs`: the time in which a token comes back; `depthUs`: that in which an empty bucket fills. */
export interface BucketShape {
  readonly tokenUs: number;
  readonly depthUs: number;
}

/** The shape of a bucket of `burst` tokens, of which `requests` come back in `perMs`. */
export function shapeOf(limit: {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
}): BucketShape {
  const tokenUs = Math.max(1, Math.round((limit.perMs * 1000) / limit.requests));
  return { tokenUs, depthUs: tokenUs * limit.burst };
}

/** When the bucket is full again after one token more is taken; undefined where none is left. */
export function afterTake(fullAt: number, now: number, shape: BucketShape): number | undefined {
  const next = Math.max(fullAt, now) + shape.tokenUs;
  return next - now > shape.depthUs ? undefined : next;
}

/** Whole tokens that are left. */
export function tokensLeft(fullAt: number, now: number, { tokenUs, depthUs }: BucketShape): number {
  return Math.max(0, Math.floor((depthUs - Math.max(0, fullAt - now)) / tokenUs));
}

/** Whole seconds, at least 1, until there is a token. */
export function secondsToToken(fullAt: number, now: number, shape: BucketShape): number {
  const waitUs = Math.max(fullAt, now) + shape.tokenUs - now - shape.depthUs;
  return Math.max(1, Math.ceil(waitUs / 1e6));
}

/** Whole seconds until the bucket is full. */
export function secondsToFull(fullAt: number, now: number): number {
  return Math.ceil(Math.max(0, fullAt - now) / 1e6);
}

/**
 * When the bucket is full again after `count` tokens were taken elsewhere. The debt is bounded, so that what others let through beyond
 * the rate is not paid for longer than it takes to fill a bucket twice.
 */
export function afterCharge(
  fullAt: number,
  now: number,
  count: number,
  shape: BucketShape,
): number {
  const charged = Math.max(fullAt, now) + count * shape.tokenUs;
  return Math.min(charged, now + 2 * shape.depthUs);
}
