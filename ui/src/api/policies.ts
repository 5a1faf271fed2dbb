/** Owns policies as the UI speaks of them: their names, where they are here and at the API, and for what they hold. */
import type { PolicySummary } from '../../../gateway/control/api/answers.ts';
import { collectionOf } from '../../../policy/kind-names.ts';

export type {
  PolicyEffect,
  PolicyItem,
  PolicyPlan,
  PolicyReading,
  PolicySummary,
} from '../../../gateway/control/api/answers.ts';

export type PolicyScope = PolicySummary['scope'];

export interface PolicyId {
  readonly scope: PolicyScope;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Unique among all policies; the topic's own key. */
export function keyOf({ scope, kind, namespace, name }: PolicyId): string {
  return `${scope}/${kind}/${namespace}/${name}`;
}

/** Where the API has all of a kind. */
export function collectionPath(scope: PolicyScope, kind: string): string {
  return `/v1/${scope === 'federation' ? 'federation/' : ''}${collectionOf(kind)}`;
}

export function apiPath({ scope, kind, namespace, name }: PolicyId): string {
  const own = [namespace, name].map(encodeURIComponent).join('/');
  return `${collectionPath(scope, kind)}/${own}`;
}

/** The path of its view. */
export function viewPath({ scope, kind, namespace, name }: PolicyId): string {
  return `/policies/${[scope, kind, namespace, name].map(encodeURIComponent).join('/')}`;
}

/** The policy that a path of a view names. */
export function policyIn(params: Readonly<Record<string, string>>): PolicyId {
  const { scope, kind = '', namespace = '', name = '' } = params;
  return { scope: scope === 'federation' ? 'federation' : 'cluster', kind, namespace, name };
}

export const scopeWords: Readonly<Record<PolicyScope, string>> = {
  cluster: 'this cluster',
  federation: 'all clusters',
};

/** For what it holds, whatever its kind. */
export function targetText({ target }: Pick<PolicySummary, 'target'>): string {
  const { service, services, namespace, client } = target;
  const what =
    service ??
    services?.join(', ') ??
    (namespace === undefined ? 'every service' : `all services of ${namespace}`);
  const whose = client === undefined ? '' : `, asked for by ${client}`;
  return `${what === '' ? 'hosts of its own' : what}${whose}`;
}
