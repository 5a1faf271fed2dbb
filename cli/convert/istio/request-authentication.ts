/** Owns what a RequestAuthentication of Istio says, as an Authentication. Tokens of a rule that can't be said are refused. */
import type { Drafts } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { envoyPlaces, type JwtRule, takenRule } from '../tokens.ts';
import { targetOf } from './target.ts';

export const authenticationReasons: Reasons = {
  'jwtRules.outputPayloadToHeader':
    'a service is told claims, each in a field of its own: outputClaimToHeaders',
  'jwtRules.timeout': 'keys are fetched within 5 s',
  'jwtRules.spaceDelimitedClaims': 'only a list of texts is one of several: scope is one text',
};

export function convertRequestAuthentication(
  document: Field,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  drafts: Drafts,
): void {
  const target = targetOf(document, namespace);
  if (target === undefined) {
    document.leave('it is left out as a whole, for it can not be said which services it is for');
    return;
  }
  const spec = document.at('spec');
  const jwtRules = (spec?.list('jwtRules') ?? []).flatMap((rule) => ruleOf(rule) ?? []);
  if (jwtRules.length === 0) {
    document.leave(spec?.at('jwtRules') ? 'none of its rules can be said' : 'it does nothing');
    return;
  }
  drafts.add({
    ...{ kind: 'Authentication', namespace, name, from: document },
    spec: { target, jwtRules },
  });
}

function ruleOf(rule: Field): JwtRule | undefined {
  const issuer = rule.text('issuer');
  const [jwks, jwksUri] = [rule.text('jwks'), rule.text('jwksUri')];
  const fromHeaders = placesIn(rule.list('fromHeaders'), ['name', 'prefix']);
  const [fromParams, fromCookies] = [rule.texts('fromParams'), rule.texts('fromCookies')];
  const isSaid = [fromHeaders, fromParams, fromCookies].some((one) => one && one.length > 0);
  const made = {
    ...{ issuer, audiences: rule.texts('audiences'), jwks, jwksUri },
    ...(isSaid ? { fromHeaders, fromParams, fromCookies } : envoyPlaces),
    forwardOriginalToken: rule.flag('forwardOriginalToken'),
    outputClaimToHeaders: placesIn(rule.list('outputClaimToHeaders'), ['header', 'claim']),
  };
  rule.leaveRest();
  if (jwks === undefined && jwksUri === undefined) {
    rule.leave(
      `its tokens are not taken, for where the keys are is not looked up: jwksUri, as ${issuer}/.well-known/openid-configuration says it`,
    );
    return undefined;
  }
  return takenRule(made, rule);
}

function placesIn(
  list: readonly Field[],
  keys: readonly string[],
): readonly Record<string, string>[] | undefined {
  if (list.length === 0) return undefined;
  return list.map((one) =>
    Object.fromEntries(
      keys.flatMap((key) => {
        const text = one.text(key);
        return text === undefined ? [] : [[key, text]];
      }),
    ),
  );
}
