/** Owns where other clusters reach this gateway's control side: the federation listener, and the service behind it. */
import { parseAddress } from '../../core/address.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import {
  type FederationListener,
  type FederationListenerOptions,
  startFederationListener,
} from '../../federation/listener.ts';
import { FederationService } from '../../federation/service.ts';
import type { Gateway } from '../gateway.ts';

/** `admin` takes over other gateways' connections to the admin API. Throws PORT_IN_USE, placed at the configuration's key. */
export async function listenForMembers(
  { config, identity, membership, clock }: Gateway,
  admin: FederationListenerOptions['admin'],
  log: Log,
): Promise<FederationListener> {
  const service = new FederationService({
    federation: config.federation,
    cluster: config.cluster,
    id: identity.id,
    admission: () => membership.session?.admission,
    evict: (cluster, by, force) => membership.evict(cluster, by, force),
    clock,
    log,
  });
  const address = config.listen.federation;
  try {
    return await startFederationListener({
      ...parseAddress(address),
      identity: () => identity.leaf.current,
      trust: identity.trust,
      service,
      admin,
      clock,
      log,
    });
  } catch (thrown) {
    const { code, message, fix, cause } = asIsthmusError(thrown);
    const where = `listen.federation ${address}`;
    throw new IsthmusError(code, { what: message, where, fix, cause });
  }
}
