/** Owns letting in callers of trust domains outside of the federation: only those that a rule names, by their trust domain or their identity. */
import type { AuthorizationRule } from '../../../../policy/authorization.ts';
import type { Facts } from './facts.ts';

type Source = NonNullable<AuthorizationRule['from']>[number]['source'];

/**
 * What a rule that allows means for callers of foreign trust domains: of its sources those that name such, each by what names them alone;
 * undefined where it names none. `principals: ["*"]`, and no `from` at all, were written of callers that the federation itself vouches for.
 */
export function namingForeign(rule: AuthorizationRule): AuthorizationRule | undefined {
  const from = (rule.from ?? []).flatMap(({ source }) =>
    narrowed(source).map((one) => ({ source: one })),
  );
  return from.length === 0 ? undefined : { ...rule, from };
}

/** Whether the caller is of a foreign trust domain, and no policy says whom of these it allows. */
export function isUnnamed(
  policies: { readonly allow: unknown } | undefined,
  facts: Facts,
): boolean {
  return facts.foreign !== undefined && policies?.allow === undefined;
}

function narrowed(source: Source): Source[] {
  const principals = source.principals?.filter(hasTrustDomain) ?? [];
  const trustDomains = source.trustDomains?.filter((one) => one !== '*') ?? [];
  return [
    ...(principals.length > 0 ? [{ ...source, principals }] : []),
    ...(trustDomains.length > 0 ? [{ ...source, trustDomains }] : []),
  ];
}

/** Whether it says a whole trust domain: `partner.example*` would be one of `partner.example.evil` as well. */
function hasTrustDomain(pattern: string): boolean {
  return /^(?:spiffe:\/\/)?[^/*]+\//.test(pattern);
}
