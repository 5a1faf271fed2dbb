/** Owns where other clusters reach this gateway's control side: the federation listener, with the federation service and the admin API behind it. */
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import {
  type FederationListener,
  type FederationListenerOptions,
  startFederationListener,
} from '../../../federation/listener.ts';
import { type FederationAct, FederationService } from '../../../federation/service.ts';
import type { Sharing } from '../../../federation/sharing.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from './identity.ts';
import type { Membership } from './membership.ts';
import type { TokenRefusals } from './token-refusals.ts';

type TakeAdmin = FederationListenerOptions['admin'];

interface MembersListenerOptions {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'listen'>;
  readonly identity: Pick<Identity, 'id' | 'leaf' | 'trust'>;
  readonly membership: Pick<Membership, 'session' | 'adoption' | 'evict'>;
  readonly auditTrail: Pick<AuditTrail, 'record'>;
  readonly tokenRefusals: Pick<TokenRefusals, 'note'>;
  readonly sharing: Sharing;
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
    const { config, identity, membership, auditTrail, tokenRefusals, sharing, clock, log } =
      this.#options;
    const service = new FederationService({
      federation: config.federation,
      cluster: config.cluster,
      id: identity.id,
      admission: () => membership.session?.admission,
      adoption: membership.adoption,
      sharing,
      evict: (cluster, by, force) => membership.evict(cluster, by, force),
      acted: (act) => auditTrail.record(entryOf(act)),
      tokenRefused: (code, address) => tokenRefusals.note(code, address),
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

const mostObjectChars = 256;

/** What is refused with these is refused to somebody whose token was found to be one of this cluster's. */
const ofKnownTokens: readonly unknown[] = [
  'CLOCK_SKEW',
  'JOIN_CONFLICT',
  'TOKEN_EXPIRED',
  'TOKEN_USED',
] satisfies ErrorCode[];

/** Who asks is who TLS says, or whoever has a token of this cluster; what else a caller says of itself proves nothing. */
function entryOf({ call, path, caller, tokenId, object, error }: FederationAct): AuditDraft {
  const { id, address } = caller;
  const isVerified = error === undefined || ofKnownTokens.includes(error.code);
  const isKnown = tokenId === undefined ? id !== undefined : isVerified;
  const who = tokenId === undefined ? (id?.uri ?? 'unknown') : `token ${tokenId}`;
  return {
    who: isKnown ? who : 'unknown',
    via: !isKnown ? 'none' : tokenId === undefined ? 'gateway' : 'join-token',
    role: 'none',
    ...{ from: address, method: 'POST', path },
    operation: call,
    object: object.slice(0, mostObjectChars),
    status: error?.status ?? 200,
    ...(error && { code: error.code }),
  };
}
