/** Owns what a ServiceEntry of Istio says of hosts outside of the mesh, as an Egress for each. */
import type { Drafts } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { egressName, type Hosts } from './hosts.ts';

export const serviceEntryReasons: Reasons = {
  'spec.addresses': 'clients ask for the host by its name',
  'spec.endpoints': 'the host itself is reached: write an Egress for each other one',
  'spec.exportTo': 'an Egress is for all clients of the cluster',
  'spec.subjectAltNames': 'say it in tls of the Egress, with which the gateway speaks TLS itself',
  'spec.workloadSelector': 'register workloads as endpoints: `isthmus register`',
};

const protocols: Readonly<Record<string, string>> = {
  HTTP: 'http',
  HTTP2: 'http2',
  GRPC: 'grpc',
  HTTPS: 'tls',
  TLS: 'tls',
  TCP: 'tcp',
  MONGO: 'tcp',
};

interface Outside {
  readonly host: string;
  readonly name: string;
  readonly port: Field | undefined;
}

export function convertServiceEntry(document: Field, namespace: string, drafts: Drafts): void {
  const spec = document.at('spec');
  if (spec === undefined) {
    document.leave('it has no spec');
    return;
  }
  if (spec.text('location') === 'MESH_INTERNAL') {
    spec.at('location')?.leave('register it as endpoints of a service: `isthmus register`');
    return;
  }
  for (const host of spec.texts('hosts') ?? []) {
    if (!host.includes('*')) continue;
    spec.at('hosts')?.leave(`${host}: an Egress is of one host: write one for each`);
  }
  spec.at('resolution')?.take();
  for (const { host, name, port } of outsideOf(document)) {
    const word = port?.text('protocol') ?? 'TCP';
    port?.at('name')?.take();
    const protocol = protocols[word.toUpperCase()];
    if (protocol === undefined) port?.at('protocol')?.leave(`${word} is no protocol here: use TCP`);
    const number = port?.number('targetPort') ?? port?.number('number');
    port?.at('number')?.take();
    if (port?.at('targetPort')) {
      port.at('targetPort')?.differs('clients name this port, where they name one');
    }
    const said = { host, port: number, protocol: protocol ?? 'tcp' };
    drafts.add({ kind: 'Egress', namespace, name, spec: said, from: port ?? spec });
  }
  spec.leaveRest();
}

/** The hosts by the names of their Egresses, which VirtualServices lead to. */
export function noteOutside(document: Field, namespace: string, hosts: Hosts): void {
  for (const { host, name } of outsideOf(document)) hosts.addOutside(host, namespace, name);
}

function outsideOf(document: Field): Outside[] {
  const spec = document.at('spec');
  const hosts = spec?.at('hosts')?.value;
  const ports = spec?.list('ports') ?? [];
  if (!Array.isArray(hosts) || spec?.at('location')?.value === 'MESH_INTERNAL') return [];
  return hosts
    .filter((host): host is string => typeof host === 'string' && !host.includes('*'))
    .flatMap((host) =>
      ports.map((port) => {
        const number = ports.length > 1 ? port.at('number')?.value : undefined;
        return { host, name: egressName(host, number as number | undefined), port };
      }),
    );
}
