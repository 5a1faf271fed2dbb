/** Owns what has to be done to an etcd's users and roles for a cluster to have its own, in an order in which nobody loses what they need meanwhile. */
import type { Permission } from './permissions.ts';

/** One change of etcd's users and roles. A role and its user have one name. */
export type Step =
  | { readonly kind: 'add-role'; readonly name: string }
  | { readonly kind: 'grant'; readonly name: string; readonly permission: Permission }
  | { readonly kind: 'revoke'; readonly name: string; readonly permission: Permission }
  | { readonly kind: 'add-user'; readonly name: string }
  | { readonly kind: 'give-role'; readonly name: string }
  | { readonly kind: 'delete-user'; readonly name: string }
  | { readonly kind: 'delete-role'; readonly name: string };

/** What an etcd has under a name. */
export interface Held {
  /** Undefined where there is no such role. */
  readonly permissions: readonly Permission[] | undefined;
  /** Roles of the user; undefined where there is no such user. */
  readonly roles: readonly string[] | undefined;
}

/** The way from what an etcd has under `name` to a user whose role is permitted what is wanted, and nothing else; no steps where all is so. */
export function stepsTo(name: string, held: Held, wanted: readonly Permission[]): Step[] {
  const permissions = held.permissions ?? [];
  // A grant of another type on the same range replaces the one that is there.
  const revoked = permissions.filter((one) => !wanted.some((it) => isOn(one, it)));
  const granted = wanted.filter(
    (one) => !permissions.some((it) => isOn(one, it) && one.type === it.type),
  );
  return [
    ...(held.permissions === undefined ? [{ kind: 'add-role', name } as const] : []),
    ...granted.map((permission) => ({ kind: 'grant', name, permission }) as const),
    ...revoked.map((permission) => ({ kind: 'revoke', name, permission }) as const),
    ...(held.roles === undefined ? [{ kind: 'add-user', name } as const] : []),
    ...(held.roles?.includes(name) ? [] : [{ kind: 'give-role', name } as const]),
  ];
}

/** Whoever is logged in as the user is out with the first step. */
export function stepsAway(name: string, held: Held): Step[] {
  return [
    ...(held.roles === undefined ? [] : [{ kind: 'delete-user', name } as const]),
    ...(held.permissions === undefined ? [] : [{ kind: 'delete-role', name } as const]),
  ];
}

function isOn(a: Permission, b: Permission): boolean {
  return a.key === b.key && a.end === b.end;
}
