/**
 * Owns what an AuthorizationPolicy of Istio says, as an Authorization. A rule that can't be said whole never lets in more: of ALLOW
 * it is left out; of DENY only its conditions are that can't be said, so that it refuses more, unless that would be everything.
 */
import type { z } from 'zod';
import { readConditionKey } from '../../../policy/authorization/condition-key.ts';
import type { AuthorizationRule, authorizationSchema } from '../../../policy/authorization.ts';
import type { Drafts } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { targetOf } from './target.ts';

export const authorizationReasons: Reasons = {
  'source.serviceAccounts':
    'say them as principals: <trust domain>/ns/<namespace>/sa/<service account>',
  'source.notServiceAccounts':
    'say them as notPrincipals: <trust domain>/ns/<namespace>/sa/<service account>',
  'spec.provider': 'no other program is asked: JWTs are what Authentication verifies',
};

const sourceKeys = [
  'principals',
  'notPrincipals',
  'requestPrincipals',
  'notRequestPrincipals',
  'namespaces',
  'notNamespaces',
  'ipBlocks',
  'notIpBlocks',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
];
const operationKeys = [
  'hosts',
  'notHosts',
  'ports',
  'notPorts',
  'methods',
  'notMethods',
  'paths',
  'notPaths',
];

type Action = z.input<typeof authorizationSchema>['action'];
type Rule =
  z.input<typeof authorizationSchema.shape.rules> extends (infer R)[] | undefined
    ? R
    : AuthorizationRule;

interface Trust {
  /** What `cluster.local` is here: `dc1.acme`; undefined: not said. */
  readonly domain: string | undefined;
}

export function convertAuthorizationPolicy(
  document: Field,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  trust: Trust,
  drafts: Drafts,
): void {
  const spec = document.at('spec');
  const action = spec?.text('action') ?? 'ALLOW';
  if (!['ALLOW', 'DENY', 'AUDIT'].includes(action)) {
    document.leave(
      `its action is ${action}, and no other program is asked: use ALLOW or DENY with what it would decide by`,
    );
    return;
  }
  const target = targetOf(document, namespace);
  if (target === undefined) {
    document.leave('it is left out as a whole, for it can not be said which services it is for');
    return;
  }
  const rules = (spec?.list('rules') ?? []).flatMap((rule) =>
    ruleOf(rule, action === 'DENY', trust),
  );
  const dryRun = document.down('metadata', 'annotations', 'istio.io/dry-run')?.value === 'true';
  const said = { target, action: action as Action, rules, dryRun: dryRun || undefined };
  if (action !== 'ALLOW' && rules.length === 0) {
    document.leave(spec?.at('rules') ? 'nothing of its rules can be said' : 'it does nothing');
    return;
  }
  if (spec?.fields.length === 0) spec.take();
  spec?.leaveRest();
  drafts.add({ kind: 'Authorization', namespace, name, spec: said, from: document });
}

function ruleOf(rule: Field, isDeny: boolean, trust: Trust): Rule[] {
  const from = anyOf(rule.list('from'), (one) => sourceOf(one, trust));
  const to = anyOf(rule.list('to'), operationOf);
  const when = rule.list('when').flatMap((one) => conditionOf(one, trust) ?? []);
  const made = {
    ...(from.length > 0 && { from }),
    ...(to.length > 0 && { to }),
    ...(when.length > 0 && { when }),
  } as Rule;
  const isEmpty = rule.fields.length === 0;
  if (isEmpty) rule.take();
  rule.leaveRest();
  if (rule.isWhole) return [made];
  if (!isDeny) {
    rule.differs('the rule is left out: without what it can not say it would let in more');
    return [];
  }
  if (Object.keys(made).length === 0) {
    rule.differs('the rule is left out: without what it can not say it would refuse all');
    return [];
  }
  rule.differs('without what it can not say it refuses more');
  return [made];
}

/** Of which one is enough: where one of them can't be said, none is, for what is left would be for fewer. */
function anyOf(list: readonly Field[], read: (one: Field) => object | undefined): object[] {
  const all = list.map(read);
  return all.includes(undefined) ? [] : (all as object[]);
}

function sourceOf(one: Field, trust: Trust): object | undefined {
  const source = one.at('source');
  if (source === undefined) return undefined;
  const said = listsOf(source, sourceKeys);
  for (const key of ['principals', 'notPrincipals']) {
    const [list, field] = [said[key], source.at(key)];
    if (list === undefined || field === undefined) continue;
    const mapped = principalsOf(list, field, trust);
    if (mapped) said[key] = mapped;
    else delete said[key];
  }
  return Object.keys(said).length === 0 ? undefined : { source: said };
}

function operationOf(one: Field): object | undefined {
  const operation = one.at('operation');
  if (operation === undefined) return undefined;
  const said = listsOf(operation, operationKeys);
  return Object.keys(said).length === 0 ? undefined : { operation: said };
}

function listsOf(of: Field, keys: readonly string[]): Record<string, readonly string[]> {
  const said = keys.map((key) => [key, of.texts(key)] as const);
  return Object.fromEntries(
    said.filter((pair): pair is readonly [string, readonly string[]] => pair[1] !== undefined),
  );
}

function conditionOf(one: Field, trust: Trust): object | undefined {
  const key = one.text('key');
  if (key === undefined || readConditionKey(key) === undefined) {
    one.leave(`there is no key ${key ?? ''} of conditions here`);
    return undefined;
  }
  const lists = listsOf(one, ['values', 'notValues']);
  if (key !== 'source.principal') return { key, ...lists };
  const mapped = Object.entries(lists).flatMap(([name, list]) => {
    const principals = principalsOf(list, one.at(name) ?? one, trust);
    return principals ? [[name, principals]] : [];
  });
  return mapped.length === 0 ? undefined : { key, ...Object.fromEntries(mapped) };
}

/** `cluster.local` is each mesh's own name for itself: nobody is called so here. Undefined, and told, where it is not known whom it means. */
function principalsOf(
  list: readonly string[],
  from: Field,
  { domain }: Trust,
): readonly string[] | undefined {
  const own = 'cluster.local/';
  if (domain === undefined && list.some((text) => text.startsWith(own))) {
    from.leave(
      'nobody is of cluster.local here: say with --trust-domain what it is, <cluster>.<federation>',
    );
    return undefined;
  }
  return list.map((text) => (text.startsWith(own) ? `${domain}/${text.slice(own.length)}` : text));
}
