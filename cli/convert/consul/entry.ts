/** Owns an entry of Consul's configuration, whether it is written as Consul has it or as Kubernetes does. */
import { labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';

/** An entry, be it at the top of its document or in the `spec` that Kubernetes has. */
export interface Entry {
  readonly document: Field;
  /** The fields of the entry. */
  readonly field: Field;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** `ServiceRouter` of Kubernetes is `service-router`, and `JWTProvider` `jwt-provider`. */
function kindOf(word: string): string {
  return word.replaceAll(/(?<=[a-z])[A-Z]|(?<=.)[A-Z](?=[a-z])/g, '-$&').toLowerCase();
}

/** `reasons` are those of each kind. */
export function entryOf(
  given: Field,
  defaultNamespace: string,
  reasons: Readonly<Record<string, Reasons>>,
): Entry {
  const kind = kindOf(given.text('kind') ?? '');
  const document = given.withReasons(reasons[kind] ?? {});
  for (const key of ['apiVersion', 'status', 'createIndex', 'modifyIndex', 'hash', 'meta']) {
    document.at(key)?.take();
  }
  const metadata = document.at('metadata')?.take();
  const field = document.at('spec') ?? document;
  const name = metadata?.at('name')?.value ?? document.text('name');
  const namespace = metadata?.at('namespace')?.value ?? document.text('namespace');
  // Of intentions in Kubernetes, the service is said within.
  const destination =
    kind === 'service-intentions' ? field.at('destination')?.text('name') : undefined;
  const called = destination ?? (typeof name === 'string' ? name : 'unnamed');
  return {
    document,
    field,
    kind,
    name: called === '*' ? '*' : labelOf(called),
    namespace: typeof namespace === 'string' ? labelOf(namespace) : defaultNamespace,
  };
}
