/** Owns an ingress as it is configured, as plain values that can be handed to another thread. */
import type { AskedName } from '../../../core/names.ts';
import type { IngressRoute } from '../request/route/ingress-routes.ts';
import type { Protocol } from './tls-terminator.ts';

export interface IngressSpec {
  /** As Routes name it. */
  readonly name: string;
  /** Whether connections begin with a PROXY protocol header, and come from trusted proxies alone. */
  readonly proxyProtocol: boolean;
  /** Protocols spoken where TLS ends here, the best first. */
  readonly protocols: readonly Protocol[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Most time for the ClientHello, and again for the rest of the handshake, in milliseconds. */
  readonly handshakeMs: number;
  /** Whether clients without a certificate are refused, where certificates are asked for. */
  readonly clientCertificate: 'required' | 'optional';
  /** Foreign trust domains whose workloads may come in. */
  readonly trustDomains: readonly string[];
  readonly routes: readonly IngressRoute[];
  /** Gets what fits no route, and what names no host. */
  readonly defaultService?: AskedName | undefined;
  /** Names whose TLS is passed on as it is. */
  readonly passthrough: readonly { readonly host: string; readonly service: AskedName }[];
  /** Whether services are reached by their own names too. */
  readonly serviceNames: boolean;
}
