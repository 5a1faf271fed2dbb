/** Owns the configuration file that `isthmus init` writes: it runs as it is, and its comments say what may be changed. */
import type { ClusterName, FederationName } from '../../core/names.ts';

export interface TemplateValues {
  readonly cluster: ClusterName;
  readonly federation: FederationName;
  readonly region: string;
  readonly zone: string | undefined;
  /** Host other clusters reach this gateway at, as it stands before a port. */
  readonly advertise: string;
  /** Whether this gateway hosts the federation's registry. */
  readonly found: boolean;
}

export function gatewayTemplate(values: TemplateValues): string {
  const { advertise, cluster, federation, found, region, zone } = values;
  const dialed = (port: number) => JSON.stringify(`${advertise}:${port}`);
  // Quoted: a name of digits, or one like `no`, would be another type in YAML.
  const quoted = JSON.stringify;
  return `# An Isthmus gateway. Check it with: isthmus check -c gateway.yaml
cluster: ${quoted(cluster)}
federation: ${quoted(federation)}
region: ${quoted(region)}
${zone === undefined ? '# zone: us-east-1a        # near endpoints are those of the same zone' : `zone: ${quoted(zone)}`}

# Keys, membership and caches, relative to this file. Keep it private; it outlives restarts.
data: ./data

listen:
  outbound: 127.0.0.1:7080     # services of this cluster send requests here: Host: <service>.<namespace>.${federation}
  eastWest: 0.0.0.0:7443       # gateways of other clusters, mTLS
  federation: 0.0.0.0:7444     # where clusters join, TLS
  admin: 127.0.0.1:7001        # this command and the admin UI; on a network it needs a certificate and users

# What other clusters dial.
advertise:
  eastWest: [${dialed(7443)}]
  federation: [${dialed(7444)}]

${found ? foundedRegistry(dialed(7379)) : joinedRegistry}

services: []
# services:
#   - name: api
#     namespace: prod
#     check: { http: { path: /healthz }, interval: 5s }
#     endpoints:
#       - { id: api-1, address: 10.0.0.5:8080 }
`;
}

const foundedRegistry = (
  dialed: string,
) => `# The federation's registry, on this gateway: a single node. An etcd instead:
#   etcd: { endpoints: [https://10.0.0.1:2379], ca: ca.pem, cert: client.pem, key: client.key, found: true }
registry:
  embedded:
    listen: 0.0.0.0:7379
    advertise: ${dialed}   # where other clusters reach it`;

const joinedRegistry = `# The registry comes with joining: isthmus join --token-file FILE`;
