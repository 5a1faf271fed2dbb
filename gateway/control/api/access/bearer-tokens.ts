/** Owns the bearer tokens of the configuration: secrets in files, of which only hashes are held. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { IsthmusError } from '../../../../core/errors.ts';
import type { Role } from '../../roles.ts';
import type { Principal } from './principal.ts';

/** 24 characters of base64 are 144 bits. */
const minChars = 24;

export interface BearerToken {
  readonly name: string;
  readonly role: Role;
  readonly file: {
    /** Hash of the token. */
    readonly value: Buffer;
  };
}

/** The holder of the token `presented`, or undefined. Takes equally long whichever token it is, or none. */
export function holderOf(presented: string, tokens: readonly BearerToken[]): Principal | undefined {
  const hash = hashOf(presented);
  let holder: Principal | undefined;
  for (const { name, role, file } of tokens) {
    if (timingSafeEqual(hash, file.value)) holder = { name, role, via: 'token' };
  }
  return holder;
}

/** Hash of the token in a file. Throws CONFIG_INVALID for one that could be guessed. */
export function parseToken(text: string, path: string): Buffer {
  const secret = text.trim();
  if (secret.length >= minChars && !/\s/.test(secret)) return hashOf(secret);
  throw new IsthmusError('CONFIG_INVALID', {
    what: `A token is one line of at least ${minChars} characters`,
    where: path,
    fix: 'Make one: `openssl rand -base64 32`.',
  });
}

export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
