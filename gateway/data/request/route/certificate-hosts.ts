/** Owns which hosts a connection at an ingress may be asked for: those its certificate is for, and whose TLS ends here. */

import { IsthmusError } from '../../../../core/errors.ts';
import { hostIn } from '../../../../core/uri-authority.ts';
import type { Step } from '../step.ts';
import { HostTable } from './host-pattern.ts';

/**
 * `hosts`: of the certificate; `isPassed` tells names whose TLS does not end here; `defaultAuthority`: that of requests which
 * name no host.
 */
export function certificateHosts(
  hosts: readonly string[],
  isPassed: (host: string) => boolean,
  defaultAuthority: string | undefined,
): Step {
  const table = new HostTable<true>();
  for (const host of hosts) table.add(host, true);
  return {
    slot: 'route',
    take({ head }) {
      if (head.authority === defaultAuthority) return undefined;
      const host = hostIn(head.authority);
      // Else a client could ask, behind a name it may use, for a service that was never meant for it.
      if (table.find(host) === undefined) {
        return new IsthmusError('HOST_MISDIRECTED', {
          what: `This connection's certificate is not for ${JSON.stringify(head.authority)}`,
        });
      }
      // Browsers use a connection for every name in its certificate until they are told (RFC 9110 section 7.4).
      if (isPassed(host)) {
        return new IsthmusError('HOST_MISDIRECTED', {
          what: `The service of ${JSON.stringify(head.authority)} ends TLS itself`,
          fix: 'Connect with that server name.',
        });
      }
      return undefined;
    },
  };
}
