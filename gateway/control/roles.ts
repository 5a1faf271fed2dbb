/** Owns the roles of the admin API: who may look, who may run things, who may change the federation. */

/** From least to most: a role may do all that those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export function allows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** The strongest of several, or undefined of none. */
export function strongest(given: Iterable<Role>): Role | undefined {
  const held = new Set(given);
  return roles.findLast((role) => held.has(role));
}
