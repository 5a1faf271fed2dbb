/** Owns where other clusters reach this gateway's control side: the federation listener, and who is behind it. */
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

type TakeAdmin = FederationListenerOptions['admin'];

export class MembersListener {
  readonly #gateway: Gateway;
  readonly #log: Log;
  #listener: FederationListener | undefined;
  #takeAdmin: TakeAdmin = (socket) => socket.destroy();

  constructor(gateway: Gateway, log: Log) {
    this.#gateway = gateway;
    this.#log = log;
    gateway.identity.leaf.onRenew(() => this.#listener?.updateIdentity());
  }

  /** `host:port`, with the real port once it listens. */
  get address(): string {
    return this.#listener?.address ?? this.#gateway.config.listen.federation;
  }

  /** Other gateways' connections to the admin API go to `take` from now on; before they are closed. */
  takeAdmin(take: TakeAdmin): void {
    this.#takeAdmin = take;
  }

  /** Throws PORT_IN_USE, placed at the configuration's key. */
  async start(): Promise<void> {
    const { config, identity, membership, clock } = this.#gateway;
    const log = this.#log;
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
