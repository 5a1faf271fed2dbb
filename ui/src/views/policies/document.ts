/** Owns a policy as a document of YAML, which `isthmus apply -f` takes, too. */
import type { PolicyId } from '../../api/policies.ts';
import { yamlOf } from '../../format/yaml.ts';

export function documentOf({ scope, kind, namespace, name }: PolicyId, spec: object): string {
  const metadata = { name, namespace, ...(scope === 'federation' && { scope }) };
  return yamlOf({ apiVersion: 'isthmus/v1', kind, metadata, spec });
}
