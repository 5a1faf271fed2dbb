/** Owns the documents that a conversion makes: each from a field that it came from, one TrafficPolicy for a service, and none that would be refused. */
import { documentSchema, documentVersion } from '../../policy/documents.ts';
import type { PolicyKindName } from '../../policy/kind-names.ts';
import { policyKinds } from '../../policy/kinds.ts';
import type { Field } from './field.ts';

/** A service, or all of a namespace. */
export interface ServicePlace {
  readonly namespace: string;
  readonly service?: string;
}

type Spec = Record<string, unknown>;

interface Draft {
  readonly kind: PolicyKindName;
  readonly namespace: string;
  readonly name: string;
  readonly spec: Spec;
  /** What it came from, where it is told what is wrong with it. */
  readonly from: Field;
}

/** A document as `isthmus apply` takes it. */
export interface Converted {
  readonly apiVersion: string;
  readonly kind: PolicyKindName;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

export class Drafts {
  readonly #all: Draft[] = [];

  /** One of a kind and name that there is already is told to be left out. */
  add(draft: Draft): void {
    const { kind, namespace, name, from } = draft;
    const before = this.#find(kind, namespace, name);
    if (before === undefined) this.#all.push(draft);
    else from.leave(`${before.from.where} became ${kind} ${namespace}/${name} already: merge them`);
  }

  /** The keys of `balance` that are said of a service, to be added to. */
  balanceOf(place: ServicePlace, from: Field): Spec {
    return this.#part('balance', place, from);
  }

  timeoutsOf(place: ServicePlace, from: Field): Spec {
    return this.#part('timeouts', place, from);
  }

  /** What a service is beside its endpoints, to be added to. */
  defaultsOf(namespace: string, name: string, from: Field): Spec {
    return this.#get('ServiceDefaults', namespace, name, from, {});
  }

  has(kind: PolicyKindName, namespace: string, name: string): boolean {
    return this.#find(kind, namespace, name) !== undefined;
  }

  /** What is said of a host outside. */
  egressOf(namespace: string, name: string): Spec | undefined {
    return this.#find('Egress', namespace, name)?.spec;
  }

  #part(key: 'balance' | 'timeouts', { namespace, service }: ServicePlace, from: Field): Spec {
    const name = service ?? 'all-services';
    const target = service === undefined ? {} : { service };
    const spec = this.#get('TrafficPolicy', namespace, name, from, { target });
    spec[key] ??= {};
    return spec[key] as Spec;
  }

  #get(kind: PolicyKindName, namespace: string, name: string, from: Field, spec: Spec): Spec {
    const found = this.#find(kind, namespace, name);
    if (found) return found.spec;
    this.#all.push({ kind, namespace, name, from, spec });
    return spec;
  }

  #find(kind: string, namespace: string, name: string): Draft | undefined {
    return this.#all.find(
      (one) => one.kind === kind && one.namespace === namespace && one.name === name,
    );
  }

  /** Those that the schemas of their kinds take; of others it is told why not. */
  finished(): Converted[] {
    return this.#all.flatMap((draft) => finished(draft) ?? []);
  }
}

function finished(draft: Draft): Converted | undefined {
  const { kind, namespace, name, spec, from } = draft;
  const document = {
    apiVersion: documentVersion,
    kind,
    metadata: { name, namespace },
    spec: withoutNothing(spec) as Spec,
  };
  const { issues = [] } = documentSchema(kind, policyKinds[kind]).safeParse(document).error ?? {};
  for (const { path, message } of issues) {
    from.leave(`as ${kind} ${namespace}/${name}, ${path.join('.')}: ${message}`);
  }
  if (issues.length === 0) return document;
  const rules = spec['rules'];
  if (kind !== 'Authorization' || spec['action'] !== 'ALLOW' || !Array.isArray(rules)) {
    return undefined;
  }
  // Without the policy all would be let in: it stays, with those rules that can be had.
  const faulty = new Set(issues.map(({ path }) => (path[1] === 'rules' ? path[2] : undefined)));
  const left = rules.filter((_, i) => !faulty.has(i));
  if (faulty.has(undefined) || left.length === rules.length) return undefined;
  return finished({ ...draft, spec: { ...spec, rules: left } });
}

/** The same without keys that have no value, or an empty list of matches, so that what is printed says nothing that need not be. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(
    ([key, inner]) => inner !== undefined && !(key === 'matches' && isEmptyList(inner)),
  );
  return Object.fromEntries(said.map(([key, inner]) => [key, withoutNothing(inner)]));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** The nearest to a text that can be a name here: lower-case letters, digits and hyphens, 63 at most. */
export function labelOf(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'unnamed' : label;
}
