/** Owns the faults that are in force on this data path: each try that one strikes meets it, as if the network or the endpoint had failed. */
import type { Random } from '../../../core/clock.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { TimingWheel } from '../../../core/timing-wheel.ts';
import type { LinkState, Target } from '../balance/types.ts';
import type { Call, CallHandler } from '../message/call.ts';
import { AbortedCall } from './aborted-call.ts';
import { DelayedCall } from './delayed-call.ts';
import type { FaultLookup } from './faults.ts';
import { SwallowedCall } from './swallowed-call.ts';

/** A try that is about to be made. */
interface AboutToTry {
  readonly service: ServiceName;
  readonly target: Target;
  /** Whether the request came from a client of this gateway. */
  readonly entered: boolean;
}

export class FaultMaker {
  readonly #self: ClusterName;
  readonly #wheel: TimingWheel;
  readonly #random: Random;
  readonly #swallowed = new Set<SwallowedCall>();
  /** Clusters to which there is no link. */
  readonly #unlinked = new Set<ClusterName>();
  #lookup: FaultLookup | undefined;

  /** `self`: the cluster of this gateway. */
  constructor(self: ClusterName, wheel: TimingWheel, random: Random) {
    this.#self = self;
    this.#wheel = wheel;
    this.#random = random;
  }

  /** The faults in force; undefined while there are none, so that a try pays one comparison. */
  get lookup(): FaultLookup | undefined {
    return this.#lookup;
  }

  /** Puts other faults in force. Tries that a black hole holds are let go of when there is none any more: they never arrived. */
  update(lookup: FaultLookup | undefined): void {
    this.#lookup = lookup;
    if (lookup !== undefined) return;
    this.#letGo(() => true, 'no', 'The black hole that held it is gone');
  }

  /** Whether links to a cluster are to look dead. */
  isCut(cluster: ClusterName): boolean {
    return this.#lookup?.isCut(cluster) ?? false;
  }

  /** How a cluster is linked to. Where the last link is lost, what was on its way is too, arrived or not. */
  linkChanged(cluster: ClusterName, state: LinkState): void {
    const isThere = (call: SwallowedCall) => call.cluster === cluster;
    if (state === 'up' || state === 'suspect') this.#unlinked.delete(cluster);
    else this.#unlinked.add(cluster);
    if (state === 'suspect') for (const call of [...this.#swallowed].filter(isThere)) call.doubt();
    else if (state !== 'up') this.#letGo(isThere, 'maybe', `The link to ${cluster} was lost`);
  }

  /** Makes a try by `through`, unless a fault strikes it. */
  call({ service, target, entered }: AboutToTry, handler: CallHandler, through: () => Call): Call {
    const cluster = target.kind === 'cluster' ? target.cluster : this.#self;
    const zone = target.kind === 'cluster' ? undefined : target.endpoint.zone;
    const fault = this.#lookup?.of({ service, cluster, zone, entered }, this.#random());
    switch (fault?.kind) {
      case 'delay':
        return new DelayedCall(handler, through, this.#wheel, fault.ms);
      case 'abort':
        return new AbortedCall(handler, fault.status);
      case 'black-hole':
        // That there is no way at all is known at once.
        if (this.#unlinked.has(cluster)) return through();
        return new SwallowedCall(handler, cluster, this.#swallowed);
      default:
        return through();
    }
  }

  #letGo(which: (call: SwallowedCall) => boolean, sent: 'no' | 'maybe', what: string): void {
    for (const call of [...this.#swallowed]) if (which(call)) call.fail(sent, what);
  }
}
