/** Owns the configuration file that `isthmus init` writes: it runs as it is, and its comments say what may be changed. */
import type { ParentFiles } from '../certs/parent-authority.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import type { Addresses, Reached } from './init-addresses.ts';

interface TemplateValues {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
  readonly region: string;
  readonly zone: string | undefined;
  readonly addresses: Addresses;
  /** Whether this gateway hosts the federation's registry. */
  readonly found: boolean;
  /** The enterprise's authority above the cluster's. */
  readonly ca: ParentFiles | undefined;
}

export function gatewayTemplate(values: TemplateValues): string {
  const { addresses, ca, cluster, federation, found, region, zone } = values;
  const { outbound, eastWest, federation: joining, admin, registry } = addresses;
  // Quoted: a name of digits, or one like `no`, would be another type in YAML.
  const quoted = JSON.stringify;
  return `# An Isthmus gateway. Check it with: isthmus check -c gateway.yaml
cluster: ${quoted(cluster)}
federation: ${quoted(federation)}
region: ${quoted(region)}
${zone === undefined ? '# zone: us-east-1a        # near endpoints are those of the same zone' : `zone: ${quoted(zone)}`}

# Keys, membership and caches, relative to this file. Keep it private; it outlives restarts.
data: ./data
${ca === undefined ? '' : parentAuthority(ca)}
listen:
  outbound: ${quoted(outbound)}     # services of this cluster send requests here: Host: <service>.<namespace>.${federation}
  eastWest: ${quoted(eastWest.listen)}       # gateways of other clusters, mTLS
  federation: ${quoted(joining.listen)}     # where clusters join, TLS
  admin: ${quoted(admin)}        # this command and the admin UI; on a network it needs a certificate and users

# What other clusters dial.
advertise:
  eastWest: [${quoted(eastWest.advertise)}]
  federation: [${quoted(joining.advertise)}]

${found ? foundedRegistry(registry) : joinedRegistry}

services: []
# services:
#   - name: api
#     namespace: prod
#     check: { http: { path: /healthz }, interval: 5s }
#     endpoints:
#       - { id: api-1, address: 10.0.0.5:8080 }
`;
}

const parentAuthority = (ca: ParentFiles) => `
# Roots of this cluster are signed by it. Its key is needed when one is made: now, and when it is changed.
ca: ${JSON.stringify(ca)}
`;

const foundedRegistry = ({
  listen,
  advertise,
}: Reached) => `# The federation's registry, on this gateway: a single node. An etcd instead:
#   etcd: { endpoints: [https://10.0.0.1:2379], ca: ca.pem, cert: client.pem, key: client.key, found: true }
registry:
  embedded:
    listen: ${JSON.stringify(listen)}
    advertise: ${JSON.stringify(advertise)}   # where other clusters reach it`;

const joinedRegistry = `# The registry comes with joining: isthmus join --token-file FILE`;
