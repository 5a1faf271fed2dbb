/** Owns the rule that PROXY protocol takes, in the configuration, a proxy that is trusted to speak it. */
import type { z } from 'zod';

interface ProxyProtocolParts {
  readonly listen: {
    readonly outboundProxyProtocol: boolean;
    readonly eastWestProxyProtocol: boolean;
  };
  readonly tcp: readonly { readonly proxyProtocol: boolean }[];
  readonly ingress: readonly { readonly proxyProtocol: boolean }[];
  readonly trustedProxies: readonly string[];
}

/** Refuses listeners to which nobody could connect. */
export function checkProxyProtocol(config: ProxyProtocolParts, context: z.RefinementCtx): void {
  if (config.trustedProxies.length > 0) return;
  const { listen, tcp, ingress } = config;
  const message = 'nobody may connect: name the load balancers under trustedProxies';
  const complain = (...path: (string | number)[]) =>
    context.addIssue({ code: 'custom', path, message });
  if (listen.outboundProxyProtocol) complain('listen', 'outboundProxyProtocol');
  if (listen.eastWestProxyProtocol) complain('listen', 'eastWestProxyProtocol');
  for (const [key, items] of Object.entries({ tcp, ingress })) {
    for (const [i, { proxyProtocol }] of items.entries()) {
      if (proxyProtocol) complain(key, i, 'proxyProtocol');
    }
  }
}
