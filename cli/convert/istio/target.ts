/** Owns for which services a policy of Istio's security is: of a namespace, or the one that it names. */
import type { Field } from '../field.ts';

/** Undefined, and told, where it can't be said for whom it is. */
export function targetOf(document: Field, namespace: string): { service?: string } | undefined {
  const spec = document.at('spec');
  const selector = spec?.at('selector');
  const refs = [...(spec?.list('targetRefs') ?? []), ...[spec?.at('targetRef') ?? []].flat()];
  const [ref, ...more] = refs;
  if (ref) {
    const [kind, name] = [ref.text('kind'), ref.text('name')];
    ref.at('group')?.take();
    if (kind === 'Service' && name !== undefined && more.length === 0) return { service: name };
    ref.leave('name one Service: gateways of a mesh are none of this one');
    return undefined;
  }
  if (selector === undefined) {
    if (namespace === 'istio-system') {
      document.differs(
        'in the root namespace it is for the whole mesh, here for services of this namespace: apply it in each, or federation-wide',
      );
    }
    return {};
  }
  const labels = selector.texted('matchLabels');
  const [only] = labels;
  if (labels.length === 1 && only && ['app', 'app.kubernetes.io/name'].includes(only[0])) {
    selector.differs(
      `policies are for services, and ${only[1]} is taken for the one that is meant`,
    );
    return { service: only[1] };
  }
  selector.leave(
    'policies are for services, not for workloads by their labels: name the service in target.service',
  );
  return undefined;
}
