/** Owns the policy that lets requests leave for a host outside of the federation, which without one is not reached. */
import { z } from 'zod';
import { formatAddress } from '../core/address.ts';
import type { ClusterName } from '../core/names.ts';
import { hostIn, isHost } from '../core/uri-authority.ts';
import { clusterNameSchema } from '../registry/model.ts';
import { type Protocol, protocols } from '../registry/protocols.ts';
import { endpointTlsSchema } from './endpoint-tls.ts';
import type { ServiceDefaults } from './service-defaults.ts';

/** An outside host is a service like others, by the policy's name, whose one endpoint is that host. */
export interface Egress {
  readonly host: string;
  readonly port: number;
  /** What holds for that endpoint, and by which hosts clients ask for it. */
  readonly defaults: ServiceDefaults & { readonly protocol: Protocol };
  /** The cluster whose gateways go out; absent: those of each cluster where the policy holds. */
  readonly via?: ClusterName;
}

export const writtenEgressSchema = z.strictObject({
  host: z
    .string()
    .max(253)
    .refine(
      (text) => isHost(text) && text === hostIn(text),
      'use a DNS name in lower case, or an IPv4 address, without a port',
    )
    .describe('The host, which clients ask for by this name, and which gateways resolve'),
  port: z.int().min(1).max(65_535).describe('The port that gateways connect to'),
  protocol: z
    .enum(protocols)
    .default('http')
    .describe(
      'What is spoken there. http, http2 and grpc: clients ask their gateway, as their HTTP proxy, for the host by any port. tcp and tls: they ask by CONNECT for exactly this host and port, and what they say in the tunnel is theirs; HTTP for that host and port is refused then',
    ),
  tls: endpointTlsSchema
    .partial({ hostname: true })
    .optional()
    .describe(
      'Gateways speak TLS to the host, and only where its certificate is as this says; `hostname` is by default the host. Default: clear text, or the TLS of the client in a tunnel',
    ),
  via: clusterNameSchema
    .optional()
    .describe(
      'The cluster whose gateways go out; those of others send requests there. It must let them, by a policy of its own or one of the federation. Default: each goes out itself',
    ),
});

/** Without a name of its own the certificate is to be the host's. */
export function egressOf(said: z.output<typeof writtenEgressSchema>): Egress {
  const { host, port, protocol, tls, via } = said;
  const isTunnel = protocol === 'tcp' || protocol === 'tls';
  return {
    ...{ host, port },
    defaults: {
      protocol,
      aliases: [isTunnel ? formatAddress(host, port) : host],
      ...(tls && { tls: { ...tls, hostname: tls.hostname ?? host } }),
    },
    ...(via && { via }),
  };
}
