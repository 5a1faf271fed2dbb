/** Owns the foreign bundles on disk, from one start to the next. */
import { z } from 'zod';
import { type Bundle, encodeBundle, parseBundle } from '../../../certs/bundle.ts';
import { parseTrustDomain, type TrustDomain } from '../../../certs/spiffe-id.ts';
import { readFileIfAny, writeFileAtomic } from '../../../core/files.ts';

/** A bundle that is believed. */
export interface Believed {
  readonly bundle: Bundle;
  /** When its endpoint gave it last, wall milliseconds; absent while it is only the one of the file. */
  readonly at?: number | undefined;
  /** SHA-256 of the file that the first contact was made by. */
  readonly file?: string | undefined;
}

const keptSchema = z.record(
  z.string(),
  z.object({ at: z.number().optional(), file: z.string().optional(), bundle: z.unknown() }),
);

/** Those that were kept. Throws what keeps them from being read. */
export async function recalled(path: string): Promise<ReadonlyMap<TrustDomain, Believed>> {
  const kept = keptSchema.parse(JSON.parse((await readFileIfAny(path)) ?? '{}'));
  return new Map(
    Object.entries(kept).map(([name, { bundle, ...rest }]) => {
      const trustDomain = parseTrustDomain(name);
      return [trustDomain, { ...rest, bundle: parseBundle(bundle, trustDomain) }];
    }),
  );
}

/** Throws FILE_UNWRITABLE. */
export async function keep(path: string, all: Iterable<Believed>): Promise<void> {
  const kept = Array.from(all, ({ bundle, ...rest }) => [
    bundle.trustDomain,
    { ...rest, bundle: encodeBundle(bundle) },
  ]);
  await writeFileAtomic(path, `${JSON.stringify(Object.fromEntries(kept))}\n`);
}
