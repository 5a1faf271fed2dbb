/** Owns holding manifests against the schemas of Kubernetes' API, as kubernetes-models has them. */

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Validation {
  (data: unknown): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly message?: string }[] | null;
}

/**
 * What is wrong with a manifest, a sentence each. The schemas let unknown fields pass, which an API server that is asked to be
 * strict does not: what the validation never reads, it does not know.
 */
export async function faultsOf(manifest: Manifest): Promise<string[]> {
  const read = new Set<string>();
  const validate = await validationOf(manifest);
  validate(watched(manifest, '', read));
  const wrong = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath} ${message}`,
  );
  const unknown = [...fieldsOf(manifest, '')]
    .filter((field) => !read.has(field))
    .map((field) => `${field.slice(1)} is no field of ${manifest.kind}`);
  return [...wrong, ...unknown];
}

/** By the name that a kind has in Kubernetes' OpenAPI: `io.k8s.api.apps.v1.StatefulSet`. */
async function validationOf({ apiVersion, kind }: Manifest): Promise<Validation> {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  const parts = [group.split('.')[0] ?? '', version, kind];
  const name = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
  // The manifest says which: no import can name it beforehand.
  return (await import(`kubernetes-models/_schemas/IoK8sApi${name}`)).validate;
}

/** The same, noting the path of every field that is read. */
function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol') return inner;
      const here = `${path}.${key}`;
      read.add(here);
      return typeof inner === 'object' && inner !== null ? watched(inner, here, read) : inner;
    },
  });
}

function* fieldsOf(value: unknown, path: string): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield `${path}.${key}`;
    yield* fieldsOf(inner, `${path}.${key}`);
  }
}
