/**
 * Owns changing the root of this cluster, so that no request fails by it:
 *
 *   rotate      the next root is made and published: in the bundle, signed by the root from before
 *   taken up    every gateway that can be reached says that it verifies by this bundle: `acknowledgements.ts`
 *   signing     then alone the next root signs: this gateway's certificate, and all that the cluster has in the registry: `signed-by.ts`
 *   retire      the root from before leaves the bundle, once nothing rests on it: `retirement.ts`
 *
 * The gateways of a cluster share one authority. Each follows what another did, as the cluster's bundle in the registry tells; the first
 * of those that live leads.
 */
import type { ChangingAuthority } from '../../../certs/authority.ts';
import { otherRoot } from '../../../certs/authority-state.ts';
import { sequenceOf } from '../../../certs/bundle.ts';
import { fingerprintOf } from '../../../certs/x509.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { FederationClient } from '../../../federation/client.ts';
import type { Sharing } from '../../../federation/sharing.ts';
import type { ClusterView, Snapshot } from '../../../registry/snapshot.ts';
import type { Changes } from '../changes.ts';
import type { GatewayConfig } from '../config/config.ts';
import { configuredParent } from '../membership/configured-parent.ts';
import type { FederationSession } from '../membership/federation-session.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import { type Acknowledgement, acknowledgements, laggards, nameOf } from './acknowledgements.ts';
import { type Resting, reasonsToKeep } from './retirement.ts';
import { signAnew } from './signed-by.ts';
import { isNoticed, waitingFor } from './waiting.ts';

export interface RootRotationParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'gateway' | 'ca' | 'baseDir'>;
  readonly identity: Pick<Identity, 'leaf' | 'trust'> & { readonly authority: ChangingAuthority };
  readonly membership: Pick<Membership, 'isMember' | 'session'>;
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'state'> };
  readonly changes: Pick<Changes, 'join' | 'tell'>;
}

interface RootRotationOptions {
  readonly gateway: RootRotationParts;
  readonly sharing: Pick<Sharing, 'followFrom'>;
  /** How long a root is published before it signs, whoever believes it: time for those outside of the federation. */
  readonly noticeMs: number;
  readonly connectionsOn: (root: string) => Promise<readonly Resting[]>;
  /** Has the founder's word on who may write policies signed by the root that signs now. */
  renewGrants(keyId: string): Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often what is missing is looked at, and tried again. */
const lookEveryMs = 1_000;

export class RootRotation {
  readonly #options: RootRotationOptions;
  #cancel = (): void => {};
  #isLooking = false;
  #isDue = false;
  #isClosed = false;
  /** The root by which all that rests was signed anew; undefined while that is to be done. */
  #settledBy: string | undefined;
  #problem: IsthmusError | undefined;

  constructor(options: RootRotationOptions) {
    this.#options = options;
    const { authority } = options.gateway.identity;
    authority.onChange(() => this.#changed());
    options.gateway.changes.join({
      membership: () => this.#look(),
      snapshot: ({ clusters }) => {
        if (clusters.size > 0) this.#look();
      },
    });
    this.#look();
  }

  /** Why the last step could not be done, which is tried again; else ROTATION_WAITING where gateways are waited for, for longer than it takes. */
  get problem(): IsthmusError | undefined {
    return this.#problem ?? waitingFor(this.#waiting);
  }

  /** How each gateway of the federation stands to this cluster's bundle. */
  get acknowledgements(): Acknowledgement[] {
    const { config, identity, snapshot, workers } = this.#options.gateway;
    return acknowledgements(snapshot, {
      of: config.cluster,
      sequence: identity.authority.bundle().sequence,
      isReached: (cluster) => workers.links.state(cluster).state !== 'down',
    });
  }

  /**
   * Makes and publishes the next root, which signs by itself as soon as all believe it. With `force` it signs though some don't, which then
   * can't be talked to until they do. It is made under the configuration's authority, if that names one. Throws ROOT_CHANGING,
   * ROTATION_REFUSED, FILE_UNWRITABLE, or what `readParentAuthority` does.
   */
  async rotate(force: boolean): Promise<void> {
    const { gateway, clock } = this.#options;
    const { authority } = gateway.identity;
    if (!force || authority.state.kind !== 'published') {
      this.#refuseOldSiblings(force);
      await authority.publish(configuredParent(gateway.config, clock));
    }
    if (force) await authority.signNext();
  }

  /** Why the root that does not sign should stay for now, in words. Throws what the registry says. */
  async reasonsToKeep(): Promise<string[]> {
    const { gateway, connectionsOn } = this.#options;
    return reasonsToKeep({
      config: gateway.config,
      snapshot: gateway.snapshot,
      authority: gateway.identity.authority,
      acknowledgements: this.acknowledgements,
      store: gateway.membership.session?.store,
      connectionsOn,
    });
  }

  /**
   * Takes the root that does not sign out of the bundle: the one from before, or one that was published and signs nothing yet. Throws
   * ROTATION_REFUSED where `root`, a fingerprint, is another one, or there is a reason to keep it and no `force`; or what the registry says.
   */
  async retire({
    root,
    force,
  }: {
    readonly root?: string | undefined;
    readonly force: boolean;
  }): Promise<void> {
    const { authority } = this.#options.gateway.identity;
    const other = otherRoot(authority.state);
    const found = other && fingerprintOf(other.root.raw);
    if (found === undefined || (root !== undefined && root !== found)) {
      throw new IsthmusError('ROTATION_REFUSED', {
        what:
          root === authority.keyId
            ? 'That root signs: it can be retired once another does'
            : root === undefined
              ? 'There is no root beside the one that signs'
              : `No root that could be retired has the fingerprint ${root}`,
        fix: 'See which roots there are: `isthmus trust show`.',
      });
    }
    const reasons = force ? [] : await this.reasonsToKeep();
    if (reasons.length > 0) {
      throw new IsthmusError('ROTATION_REFUSED', {
        what: `Root ${found} is still in use: ${reasons.join('; ')}`,
        fix: 'Wait for that, or retire it with force: what rests on it is refused from then on.',
      });
    }
    // A founder that starts again has to know itself by a root that it kept.
    await this.#options.gateway.membership.session?.trust.ownChanged();
    await authority.retire();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #changed(): void {
    const { gateway, log } = this.#options;
    const { authority } = gateway.identity;
    const { kind, sequence } = authority.state;
    log.info({ kind, sequence, root: authority.keyId }, 'the roots of this cluster have changed');
    this.#settledBy = undefined;
    const { session } = gateway.membership;
    if (session) {
      void session.trust.ownChanged();
      session.presence.rootsChanged();
    }
    gateway.changes.tell('membership');
    this.#look();
  }

  /** Throws ROTATION_REFUSED: a gateway of version 0.1 would write the old bundle over the new one. */
  #refuseOldSiblings(force: boolean): void {
    const { config } = this.#options.gateway;
    const old = this.acknowledgements.filter(
      ({ cluster, state }) => cluster === config.cluster && state === 'untold',
    );
    if (old.length === 0 || force) return;
    throw new IsthmusError('ROTATION_REFUSED', {
      what: `Gateways of this cluster do not say what they believe: ${old.map(nameOf).join(', ')}`,
      fix: 'Bring them to this version first, and see that they are up: `isthmus get gateways`.',
    });
  }

  #look(): void {
    this.#isDue = true;
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    this.#isDue = false;
    this.#cancel();
    void this.#step()
      .then(
        () => {
          this.#problem = undefined;
        },
        (thrown) => {
          const { message } = this.#problem ?? {};
          this.#problem = asIsthmusError(thrown);
          if (this.#problem.message === message) return;
          this.#options.log.warn({ err: this.#problem }, 'a step of changing the root waits');
        },
      )
      .finally(() => {
        this.#isLooking = false;
        if (this.#isClosed) return;
        if (this.#isDue) this.#look();
        else if (this.#isWaiting) {
          this.#cancel = this.#options.clock.after(lookEveryMs, () => this.#look());
        }
      });
  }

  /** Whether there is something to be done that no change may tell of. */
  get #isWaiting(): boolean {
    const { authority } = this.#options.gateway.identity;
    const { kind } = authority.state;
    const isSettled = kind === 'signing' && this.#settledBy === authority.keyId;
    return this.#problem !== undefined || (kind !== 'stable' && !isSettled);
  }

  async #step(): Promise<void> {
    const { gateway } = this.#options;
    const { authority } = gateway.identity;
    const { session } = gateway.membership;
    if (session === undefined) {
      // No other cluster believes anything of one that is in no federation.
      if (!gateway.membership.isMember && isNoticed(this.#waiting)) await authority.signNext();
      return;
    }
    // What may be out of date is no ground for a step.
    if (session.isOut || session.client.status.stale) return;
    const own = gateway.snapshot.clusters.get(gateway.config.cluster);
    if (own?.bundle === undefined) return;
    await this.#followSiblings(own);
    if (authority.state.kind === 'published') await this.#signWhenBelieved(own, session);
    else await this.#settle(session);
  }

  /** Takes up what another gateway of the cluster has begun, as the cluster's bundle tells. */
  async #followSiblings({ bundle, record }: ClusterView): Promise<void> {
    const { gateway, sharing, clock } = this.#options;
    const { config, identity } = gateway;
    const { authority, leaf, trust } = identity;
    const told = sequenceOf(bundle?.bundle);
    const failures: IsthmusError[] = [];
    for (const [id, { federation }] of Object.entries(record?.gateways ?? {})) {
      for (const address of id === config.gateway ? [] : federation) {
        if (told <= authority.bundle().sequence) return;
        const expect = authority.trustDomain;
        const client = new FederationClient({
          ...{ address, trust, expect, clock },
          identity: leaf.current,
        });
        try {
          await sharing.followFrom(client, id);
        } catch (thrown) {
          failures.push(asIsthmusError(thrown));
        } finally {
          client.close();
        }
      }
    }
    if (told <= authority.bundle().sequence) return;
    throw new IsthmusError('PEER_UNREACHABLE', {
      what: `The roots of this cluster have changed, and no other gateway of it hands over the new one: ${failures.map(({ message }) => message).join('; ') || 'none is known'}`,
      fix: 'It is tried again. If all others are gone: restore `ca` in the data folder from a backup of one of them.',
    });
  }

  async #signWhenBelieved({ bundle }: ClusterView, session: FederationSession): Promise<void> {
    const { authority } = this.#options.gateway.identity;
    const next = otherRoot(authority.state);
    const isSigning = bundle?.signature?.keyId === (next && fingerprintOf(next.root.raw));
    const waiting = this.#waiting;
    const isBelieved = isNoticed(waiting) && laggards(waiting.acknowledgements).length === 0;
    if (isSigning || (isBelieved && session.presence.isFirst)) await authority.signNext();
  }

  get #waiting() {
    const { gateway, noticeMs, clock } = this.#options;
    const { cluster } = gateway.config;
    const { state } = gateway.identity.authority;
    const { acknowledgements } = this;
    return { cluster, state, acknowledgements, noticeMs, now: clock.now() };
  }

  /** Has everything that the cluster has in the registry signed by the root that signs now. */
  async #settle({ presence, store, trust }: FederationSession): Promise<void> {
    const { gateway, renewGrants, log } = this.#options;
    const { config, identity } = gateway;
    const { authority } = identity;
    const { keyId } = authority;
    if (this.#settledBy === keyId || !presence.isFirst || authority.state.kind !== 'signing')
      return;
    const { cluster, federation } = config;
    const records = await signAnew({ store, federation, cluster, authority });
    if (trust.isFounder) await renewGrants(keyId);
    this.#settledBy = keyId;
    log.info({ records, root: keyId }, 'what this cluster wrote is signed by its new root');
  }
}
