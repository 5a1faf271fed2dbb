/**
 * Owns what service-intentions of Consul say, as Authorization. An allowed source that can't be said whole is left out, so that it is let
 * in no further than there.
 */
import { type Drafts, labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import type { JwtRule } from '../tokens.ts';
import type { Entry } from './entry.ts';
import type { Condition, Providers } from './jwt-provider.ts';

export const intentionsReasons: Reasons = {
  'sources.peer': 'whose trust domain its callers have is not known: write their principals',
  'sources.partition': 'there are namespaces, and no partitions',
  'sources.samenessGroup': 'name the clusters: source.clusters',
  'http.pathRegex': 'paths are said whole, with a * at one end, or with {*} and {**}',
  'header.regex': 'values are said whole, or with a * at one end',
  'header.contains': 'values are said whole, or with a * at one end',
};

type Rule = Record<string, unknown>;
/** Of which lists of conditions on a token one has to hold; undefined where it can't be said. */
type Asked = (jwt: Field | undefined) => readonly (readonly Condition[])[] | undefined;

/** A source, and its rules where it could be said. */
interface Said {
  readonly isAll: boolean;
  readonly allowed: readonly Rule[];
  readonly denied: readonly Rule[];
}

export function convertIntentions(
  { document, field, name, namespace }: Entry,
  trustDomain: string | undefined,
  providers: Providers,
  drafts: Drafts,
): void {
  const tokens = new Set<JwtRule>();
  const asked = (jwt: Field | undefined) => providers.asked(jwt, tokens);
  const ofAll = asked(field.at('jwt'));
  const said = field.list('sources').map((source) => {
    for (const key of ['precedence', 'type', 'description', 'legacyID']) source.at(key)?.take();
    return saidOf(source, namespace, trustDomain, asked);
  });
  const target = name === '*' ? {} : { service: name };
  const label = name === '*' ? 'all-services' : name;
  const denied = said.flatMap((one) => one.denied);
  // Of tokens that can't be said nobody has one.
  const allowed = withAny(
    said.flatMap((one) => one.allowed),
    ofAll,
  );
  const add = (action: string, suffix: string, rules: readonly Rule[]) =>
    drafts.add({
      kind: 'Authorization',
      namespace,
      name: `${label}-${suffix}`,
      spec: { target, action, rules },
      from: document,
    });
  if (tokens.size > 0) {
    const spec = { target, jwtRules: [...tokens] };
    drafts.add({
      kind: 'Authentication',
      namespace,
      name: `${label}-tokens`,
      spec,
      from: document,
    });
  }
  if (denied.length > 0) add('DENY', 'denied', denied);
  // With any of ALLOW, what none of its rules is for is refused: that is also what a denied * means.
  const isAllDenied = said.some(({ isAll, allowed: of }) => isAll && of.length === 0);
  const hasAllowing = field.list('sources').some(allowsAnything);
  if (hasAllowing || isAllDenied) add('ALLOW', 'allowed', allowed);
  if (!said.some(({ isAll }) => isAll)) {
    document.differs(
      hasAllowing
        ? 'whoever is not named is refused, whatever the default of Consul is'
        : 'whoever is not named is let in, whatever the default of Consul is',
    );
  }
}

/** Whether it is meant to let anybody in, be it that it can't be said. */
function allowsAnything(source: Field): boolean {
  const actions = [source, ...source.list('permissions')].map((one) => one.at('action')?.value);
  return actions.includes('allow');
}

function saidOf(source: Field, own: string, trustDomain: string | undefined, asked: Asked): Said {
  const name = source.text('name') ?? '*';
  const namespace = source.text('namespace') || own;
  const action = source.text('action');
  const permissions = source.list('permissions').map((one) => permissionOf(one, asked));
  const isAll = name === '*' && namespace !== '*';
  const who = sourceOf(name, namespace, source, trustDomain);
  source.leaveRest();
  if (who === undefined) return { isAll, allowed: [], denied: [] };
  const from = Object.keys(who).length === 0 ? {} : { from: [{ source: who }] };
  if (permissions.length === 0) {
    const rules = [from];
    if (action === 'allow') {
      return { isAll, allowed: source.isWhole ? rules : [], denied: [] };
    }
    // To deny all is what ALLOW does with those that it does not name.
    return { isAll, allowed: [], denied: isAll ? [] : rules };
  }
  return { isAll, ...byAction(permissions, from) };
}

/** Undefined, and told, where callers can't be told apart. */
function sourceOf(
  name: string,
  namespace: string,
  source: Field,
  trustDomain: string | undefined,
): Record<string, readonly string[]> | undefined {
  if (name === '*') return {};
  if (source.at('peer')?.value) return undefined;
  if (trustDomain !== undefined) {
    return { principals: [`${trustDomain}/ns/${labelOf(namespace)}/sa/${labelOf(name)}`] };
  }
  source.leave(
    'whom it names is told by the identity of callers: say with --trust-domain whose, <cluster>.<federation>',
  );
  return undefined;
}

interface Permission {
  readonly isAllowed: boolean;
  /** Any of them is it; none where it can't be said. */
  readonly rules: readonly Rule[];
  readonly field: Field;
}

/** The first permission that fits decides there; here a denied one does, wherever it stands. */
function byAction(
  permissions: readonly Permission[],
  from: Rule,
): { readonly allowed: readonly Rule[]; readonly denied: readonly Rule[] } {
  const allowed: Rule[] = [];
  const denied: Rule[] = [];
  for (const { isAllowed, rules, field } of permissions) {
    if (rules.length === 0) continue;
    const isEverything = rules.some(isOfAllPaths);
    const all = rules.map((rule) => ({ ...from, ...rule }));
    if (isAllowed) allowed.push(...all);
    else if (isEverything && field === permissions.at(-1)?.field) continue;
    else {
      if (allowed.length > 0) {
        field.differs('it is refused also where a permission before it allows it');
      }
      denied.push(...all);
    }
  }
  return { allowed, denied };
}

function isOfAllPaths(rule: Rule): boolean {
  const [one, ...more] = (rule['to'] ?? []) as { operation: { paths?: string[] } }[];
  if (rule['when'] !== undefined) return false;
  if (one === undefined) return true;
  const { paths, ...rest } = one.operation;
  return more.length === 0 && paths?.[0] === '/*' && Object.keys(rest).length === 0;
}

function permissionOf(field: Field, asked: Asked): Permission {
  const action = field.text('action');
  const http = field.at('http');
  const [exact, prefix] = [http?.text('pathExact'), http?.text('pathPrefix')];
  const methods = http?.texts('methods');
  const paths = exact ? [exact] : prefix ? [`${prefix}*`] : undefined;
  const operation = {
    ...(paths && { paths }),
    ...(methods && methods.length > 0 && { methods }),
  };
  const when = (http?.list('header') ?? []).flatMap(conditionOf);
  const ofTokens = asked(field.at('jwt'));
  field.leaveRest();
  const isAllowed = action === 'allow';
  const rule = {
    ...(Object.keys(operation).length > 0 && { to: [{ operation }] }),
    ...(when.length > 0 && { when }),
  };
  const isSayable = field.isWhole || (!isAllowed && Object.keys(rule).length > 0);
  // One that refuses does so whatever a token has to say, where that can't be said.
  const any = withAny([rule], ofTokens ?? (isAllowed ? undefined : [[]]));
  return { isAllowed, rules: isSayable ? any : [], field };
}

function conditionOf(header: Field): Rule[] {
  const name = header.text('name');
  if (name === undefined) return [];
  const texts = ['exact', 'prefix', 'suffix'].map((key) => header.text(key) || undefined);
  const [exact, prefix, suffix] = texts;
  const isPresent = header.flag('present');
  const value =
    exact ??
    (prefix === undefined ? undefined : `${prefix}*`) ??
    (suffix === undefined ? undefined : `*${suffix}`) ??
    (isPresent ? '*' : undefined);
  const isInverted = header.flag('invert') === true;
  if (value === undefined) return [];
  const key = `request.headers[${name}]`;
  return [isInverted ? { key, notValues: [value] } : { key, values: [value] }];
}

/** Each rule with each of the lists of conditions that are enough; none where these can't be said. */
function withAny(
  rules: readonly Rule[],
  lists: readonly (readonly Condition[])[] | undefined,
): Rule[] {
  return rules.flatMap((rule) =>
    (lists ?? []).map((list) => {
      const when = [...((rule['when'] as readonly Rule[] | undefined) ?? []), ...list];
      return when.length === 0 ? rule : { ...rule, when };
    }),
  );
}
