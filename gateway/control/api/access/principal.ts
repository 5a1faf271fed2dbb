/** Owns who is asking: a name, a role, and how that was established. */
import type { Role } from '../../roles.ts';

/** `local`: whoever reaches loopback or the socket, where no authentication is configured. `gateway`: another cluster's gateway vouches. */
export const ways = ['local', 'token', 'oidc', 'certificate', 'gateway'] as const;

export interface Principal {
  /** For the audit: a token's name, a certificate's identity, a subject at its issuer. */
  readonly name: string;
  readonly role: Role;
  readonly via: (typeof ways)[number];
  /** It is another gateway, that asks for nobody but itself. */
  readonly isGateway?: boolean;
}
