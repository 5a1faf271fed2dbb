/** Owns the names of the kinds of policy that can be written, and how paths and commands spell them; light, for what only needs the names. */

/** In PascalCase, as keys and documents have them, in the order in which they are told. `kinds.ts` says what each is. */
export const policyKindNames = [
  'TrafficPolicy',
  'Route',
  'ServiceDefaults',
  'ServiceExport',
  'RateLimit',
  'Egress',
  'Authentication',
  'Authorization',
] as const;

export type PolicyKindName = (typeof policyKindNames)[number];

export function isPolicyKind(name: string): name is PolicyKindName {
  return (policyKindNames as readonly string[]).includes(name);
}

/** `TrafficPolicy` is `traffic-policy`. */
export function singularOf(kind: string): string {
  return kind.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
}

/** `TrafficPolicy` is `traffic-policies` in paths and commands; what is several already stays as it is. */
export function collectionOf(kind: string): string {
  return `${singularOf(kind).replace(/y$/, 'ie').replace(/s$/, '')}s`;
}
