/** Owns where other clusters reach this gateway's control side: the federation listener, with the federation service and the admin API behind it. */
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import {
  type FederationListener,
  type FederationListenerOptions,
  startFederationListener,
} from '../../../federation/listener.ts';
import { FederationService } from '../../../federation/service.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from './identity.ts';
import type { Membership } from './membership.ts';

type TakeAdmin = FederationListenerOptions['admin'];

interface MembersListenerOptions {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'listen'>;
  readonly identity: Pick<Identity, 'id' | 'leaf' | 'trust'>;
  readonly membership: Pick<Membership, 'session' | 'adoption' | 'evict'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class MembersListener {
  readonly #options: MembersListenerOptions;
  #listener: FederationListener | undefined;
  #takeAdmin: TakeAdmin = (socket) => socket.destroy();

  constructor(options: MembersListenerOptions) {
    this.#options = options;
    options.identity.leaf.onRenew(() => this.#listener?.updateIdentity());
  }

  /** `host:port`, with the real port once it listens. */
  get address(): string {
    return this.#listener?.address ?? this.#options.config.listen.federation;
  }

  /** Other gateways' connections to the admin API go to `take` from now on; before they are closed. */
  takeAdmin(take: TakeAdmin): void {
    this.#takeAdmin = take;
  }

  /** Throws PORT_IN_USE, placed at the configuration's key. */
  async start(): Promise<void> {
    const { config, identity, membership, clock, log } = this.#options;
    const service = new FederationService({
      federation: config.federation,
      cluster: config.cluster,
      id: identity.id,
      admission: () => membership.session?.admission,
      adoption: membership.adoption,
      evict: (cluster, by, force) => membership.evict(cluster, by, force),
      clock,
      log,
    });
    const address = config.listen.federation;
    try {
      this.#listener = await startFederationListener({
        ...parseAddress(address),
        identity: () => identity.leaf.current,
        trust: identity.trust,
        service,
        admin: (socket, peer) => this.#takeAdmin(socket, peer),
        clock,
        log,
      });
    } catch (thrown) {
      const { code, message, fix, cause } = asIsthmusError(thrown);
      const where = `listen.federation ${address}`;
      throw new IsthmusError(code, { what: message, where, fix, cause });
    }
  }

  /** Closes it, if it listens. */
  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }
}
