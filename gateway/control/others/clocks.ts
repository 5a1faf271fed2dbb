/** Owns how the clocks of other clusters' gateways stand to this one's: a few are asked now and then, and more often those that no link reaches. */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { type ClusterName, trustDomainOf } from '../../../core/names.ts';
import { roughSpan } from '../../../core/rough-span.ts';
import { timeOf } from '../../../federation/time-of.ts';
import { clockErrorMs, clockWarningMs } from '../check/finding.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import { type ClusterClock, type Skew, skewOf } from './clock-skew.ts';
import type { OtherGateway } from './other-gateway.ts';
import type { OtherGateways } from './other-gateways.ts';

interface ClocksParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation'>;
  readonly identity: Pick<Identity, 'trust'>;
  readonly membership: Pick<Membership, 'believed'>;
  readonly others: Pick<OtherGateways, 'list'>;
  readonly workers: { readonly links: Pick<LinkBoard, 'state'> };
}

interface ClocksOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The clock here seems to be off, or not any more. */
  changed(): void;
}

/** A clock, and when it was read, monotonic milliseconds. */
interface Read extends ClusterClock {
  readonly at: number;
}

/** How often; and while nobody has answered yet, or this gateway's clock seems to be off, and those that no link reaches. */
const lookEveryMs = 60_000;
const lookAgainMs = 5_000;
/** Most clusters that are asked at once: each is a handshake. */
const mostAsked = 5;
const timeoutMs = 2_000;
/** How long links have to be made again once the clock is right. */
const settlingMs = 10_000;
/** What was read is forgotten after so long: clocks are set. */
const keptMs = 3 * lookEveryMs;

export class Clocks {
  readonly #gateway: ClocksParts;
  readonly #options: ClocksOptions;
  /** By the address that was asked. */
  readonly #read = new Map<string, Read>();
  #skew: Skew | undefined;
  /** What it was before it was found to be right. */
  #lastSkew: Skew | undefined;
  /** When that is forgotten, monotonic milliseconds. */
  #settledAt = 0;
  /** When some are asked that links reach, monotonic milliseconds. */
  #dueAt = 0;
  /** The wall time at which monotonic time began: another one when the clock was set. */
  #startOfTime = 0;
  #cancel = (): void => {};
  #isClosed = false;

  constructor(gateway: ClocksParts, options: ClocksOptions) {
    this.#gateway = gateway;
    this.#options = options;
  }

  /** Looks, and goes on looking until `close`. Resolves after the first look; never rejects. */
  start(): Promise<void> {
    return this.#lookOften();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  /** Those that were read lately. */
  get readings(): readonly ClusterClock[] {
    const now = this.#options.clock.monotonic();
    return [...this.#read.values()].filter(({ at }) => now - at < keptMs);
  }

  /** How far this gateway's clock seems to be off; or seemed to be, seconds ago. */
  get skew(): Skew | undefined {
    const { clock } = this.#options;
    return this.#skew ?? (clock.monotonic() < this.#settledAt ? this.#lastSkew : undefined);
  }

  /** CLOCK_SKEW while it seems to be this gateway's clock that is off. */
  get problem(): IsthmusError | undefined {
    const skew = this.#skew;
    if (!skew) return undefined;
    const { aheadMs, by } = skew;
    const way = aheadMs > 0 ? 'ahead of' : 'behind';
    const whose = by.length === 1 ? `that of ${by[0]}` : `those of ${by.join(', ')}`;
    return new IsthmusError('CLOCK_SKEW', {
      what: `The clock here is ${roughSpan(Math.abs(aheadMs))} ${way} ${whose}`,
      fix: 'Set it, by NTP for instance; all else comes right by itself within seconds. Until then certificates made here may be refused elsewhere, and those of others here, where clocks are more than an hour apart.',
    });
  }

  /** Asks the gateways of some clusters now. Never rejects: who does not answer is not known. */
  async look(clusters: readonly ClusterName[]): Promise<void> {
    const asked = this.#others().filter(({ cluster }) => clusters.includes(cluster));
    await Promise.all(asked.map((other) => this.#ask(other)));
    this.#judge();
  }

  async #lookOften(): Promise<void> {
    const { clock, random } = this.#options;
    const clusters = [...new Set(this.#others().map(({ cluster }) => cluster))];
    const now = clock.monotonic();
    const isUnsettled = this.#skew !== undefined || this.#read.size === 0 || this.#wasSet();
    const isDue = isUnsettled || now >= this.#dueAt;
    if (isDue) this.#dueAt = now + lookEveryMs * (0.9 + 0.1 * random());
    const { links } = this.#gateway.workers;
    const asked = clusters.filter((name) => isDue || links.state(name).state === 'down');
    await this.look(this.#some(asked));
    if (!this.#isClosed) this.#cancel = clock.after(lookAgainMs, () => void this.#lookOften());
  }

  /** Whether this gateway's own clock was set since the last look. */
  #wasSet(): boolean {
    const { clock } = this.#options;
    const before = this.#startOfTime;
    this.#startOfTime = clock.now() - clock.monotonic();
    return Math.abs(this.#startOfTime - before) >= clockWarningMs;
  }

  /** Those whose clocks are known to differ are asked again: the others may be many. */
  #some(clusters: readonly ClusterName[]): ClusterName[] {
    const { random } = this.#options;
    const first = (cluster: ClusterName): boolean => this.#skew?.by.includes(cluster) ?? false;
    const ranked = clusters.map((cluster) => ({
      cluster,
      rank: first(cluster) ? 0 : 1 + random(),
    }));
    ranked.sort((a, b) => a.rank - b.rank);
    return ranked.slice(0, mostAsked).map(({ cluster }) => cluster);
  }

  async #ask({ cluster, address }: OtherGateway): Promise<void> {
    const { config, identity } = this.#gateway;
    const { clock } = this.#options;
    const expect = parseTrustDomain(trustDomainOf(cluster, config.federation));
    const { trust } = identity;
    try {
      const reading = await timeOf({ ...parseAddress(address), trust, expect, clock, timeoutMs });
      this.#read.set(address, { cluster, ...reading, at: clock.monotonic() });
    } catch {
      this.#read.delete(address); // That it can't be reached is said where links are looked at.
    }
  }

  #judge(): void {
    const before = this.#skew;
    this.#skew = skewOf(this.readings, clockErrorMs);
    if ((before === undefined) === (this.#skew === undefined)) return;
    const { clock, log } = this.#options;
    this.#lastSkew = before;
    this.#settledAt = clock.monotonic() + settlingMs;
    const { problem } = this;
    if (problem) log.error({ err: problem }, 'the clock seems to be off');
    else log.info('the clock is in step with the others again');
    this.#options.changed();
  }

  #others(): OtherGateway[] {
    const { config, membership, others } = this.#gateway;
    return others
      .list()
      .filter(({ cluster }) => cluster !== config.cluster && membership.believed.has(cluster));
  }
}
