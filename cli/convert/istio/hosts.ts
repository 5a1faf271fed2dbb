/** Owns what hosts of Istio are here: services of a namespace, hosts outside of the mesh, and subsets by their labels. */
import { isLabel } from '../../../core/names.ts';
import type { ServicePlace } from '../drafts.ts';
import { labelOf } from '../drafts.ts';
import type { Field } from '../field.ts';
import { type Backend, byNumber } from '../rules.ts';

/** A name of Kubernetes, short or whole, or one of another system. */
type Host =
  | ({ readonly of: 'service' } & Required<ServicePlace>)
  /** Of all services of a namespace. */
  | { readonly of: 'namespace'; readonly namespace: string }
  | { readonly of: 'outside'; readonly host: string };

export function hostOf(host: string, namespace: string): Host {
  const [service = '', inNamespace = namespace, ...rest] = host.split('.');
  const isWhole = /^svc(\.|$)/.test(rest.join('.'));
  if (isWhole && service === '*' && isLabel(inNamespace)) {
    return { of: 'namespace', namespace: inNamespace };
  }
  if ((isWhole || !host.includes('.')) && isLabel(service) && isLabel(inNamespace)) {
    return { of: 'service', service, namespace: inNamespace };
  }
  return { of: 'outside', host };
}

/** What all documents together say of hosts. */
export class Hosts {
  readonly #subsets = new Map<string, Readonly<Record<string, string>>>();
  readonly #used = new Set<string>();
  readonly #outside = new Map<string, { readonly namespace: string; readonly name: string }>();

  addSubset(host: string, namespace: string, subset: string, labels: Record<string, string>): void {
    this.#subsets.set(`${keyOf(host, namespace)}/${subset}`, labels);
  }

  /** Whether a rule leads to it. */
  isUsed(host: string, namespace: string, subset: string): boolean {
    return this.#used.has(`${keyOf(host, namespace)}/${subset}`);
  }

  /** The Egress of a host. */
  outside(host: string): { readonly namespace: string; readonly name: string } | undefined {
    return this.#outside.get(host);
  }

  /** An Egress that leads to a host; of several the first is the one that rules lead to. */
  addOutside(host: string, namespace: string, name: string): void {
    if (!this.#outside.has(host)) this.#outside.set(host, { namespace, name });
  }

  /** Where a Destination leads; undefined, and told, where that can't be said. */
  backendOf(destination: Field | undefined, namespace: string): Backend | undefined {
    const host = destination?.text('host');
    if (destination === undefined || host === undefined) return undefined;
    const isOutside = hostOf(host, namespace).of !== 'service';
    const number = destination.at('port')?.number('number');
    const ofEgress = 'the host outside is reached by the port that its ServiceEntry says';
    destination.at('port')?.differs(isOutside ? ofEgress : byNumber);
    const port = isOutside ? undefined : number;
    const target = this.#targetOf(host, namespace);
    if (target === undefined) {
      destination.leave(
        'no ServiceEntry here is of that host: give it in the same call, or write an Egress and name it',
      );
      return undefined;
    }
    const place = {
      name: target.name,
      ...(target.namespace !== namespace && { namespace: target.namespace }),
      ...(port !== undefined && { port }),
    };
    const subset = destination.text('subset');
    if (subset === undefined) return place;
    const labels = this.#subsets.get(`${keyOf(host, namespace)}/${subset}`);
    if (labels) {
      this.#used.add(`${keyOf(host, namespace)}/${subset}`);
      return { ...place, subset: labels };
    }
    destination
      .at('subset')
      ?.leave('no DestinationRule here says its labels: give it in the same call');
    return undefined;
  }

  #targetOf(host: string, namespace: string) {
    const found = hostOf(host, namespace);
    if (found.of === 'service') return { namespace: found.namespace, name: found.service };
    return this.#outside.get(host);
  }
}

function keyOf(host: string, namespace: string): string {
  const found = hostOf(host, namespace);
  return found.of === 'service' ? `${found.service}.${found.namespace}` : host;
}

/** `api.example.com` by port 8443 is `api-example-com-8443`; without a port where it is the only one. */
export function egressName(host: string, port?: number): string {
  return labelOf(port === undefined ? host : `${host}-${port}`);
}
