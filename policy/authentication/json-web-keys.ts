/** Owns reading a set of public keys (RFC 7517) by which tokens are verified. */
import { z } from 'zod';

/** Most octets of a set. */
export const largestKeySet = 256 * 1024;

const keySchema = z.looseObject({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().max(1024).optional(),
});

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(256) });

/** A public key, as plain data. */
export type PublicKey = Readonly<Record<string, unknown>> & z.output<typeof keySchema>;

/** Members that only private and symmetric keys have (RFC 7518 section 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Why a text is no set of public keys; undefined where it is one. */
export function whyNoKeySet(text: string): string | undefined {
  const read = keySetIn(text);
  if (read === undefined) return 'use a JSON Web Key Set: {"keys": [...]}';
  if (read.some((key) => secretMembers.some((member) => Object.hasOwn(key, member)))) {
    return 'a private or a shared key is in it: whoever reads the policy could make tokens';
  }
  return publicKeys(text).length > 0 ? undefined : 'no key of RSA, EC or OKP is in it';
}

/** The keys of a set by which signatures can be verified; those of other kinds, and those that hold a secret, are passed over. */
export function publicKeys(text: string): PublicKey[] {
  return (keySetIn(text) ?? []).flatMap((key) => {
    const read = keySchema.safeParse(key);
    const isSecret = secretMembers.some((member) => Object.hasOwn(key, member));
    return read.success && !isSecret ? [read.data as PublicKey] : [];
  });
}

function keySetIn(text: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  try {
    return keySetSchema.safeParse(JSON.parse(text)).data?.keys;
  } catch {
    return undefined;
  }
}
