/** Owns how a gateway tells another one on whose behalf it asks: a header that counts only on a connection of another gateway. */
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { type Role, roles } from '../roles.ts';

/** Never read on any other listener, and never passed on from a client. */
export const principalHeader = 'x-isthmus-principal';

const forwardedSchema = z.strictObject({
  name: z.string().min(1).max(256),
  role: z.enum(roles),
});
type Forwarded = z.output<typeof forwardedSchema>;

/** A gateway that asks for nobody but itself. */
export const inOwnName: Forwarded = { name: 'gateway', role: 'viewer' };

/** On behalf of somebody who asked a gateway: whatever they are called, it is not what the gateway calls itself. */
export function inNameOf({ name, role }: Forwarded): Forwarded {
  return { name: name === inOwnName.name ? `user ${name}` : name, role };
}

export function encodeForwarded({ name, role }: Forwarded): string {
  return Buffer.from(JSON.stringify({ name: name.slice(0, 256), role })).toString('base64url');
}

/** Throws UNAUTHENTICATED for a header that is missing or not of this shape. */
export function decodeForwarded(header: string | string[] | undefined): Forwarded {
  try {
    if (typeof header !== 'string') throw new Error('there is none');
    return forwardedSchema.parse(JSON.parse(Buffer.from(header, 'base64url').toString()));
  } catch (cause) {
    throw new IsthmusError('UNAUTHENTICATED', {
      what: 'The gateway does not say on whose behalf it asks',
      where: principalHeader,
      cause,
    });
  }
}

/** The role here of a caller of another cluster: the role there, and no more than that cluster is granted. */
export function cappedRole(role: Role, granted: Role): Role {
  return roles[Math.min(roles.indexOf(role), roles.indexOf(granted))] ?? 'viewer';
}
