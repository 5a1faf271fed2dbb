/** Owns the scene of the faults: three datacenters with their gateways, services and clients, the registry that they share, and what can befall them. */
import { until } from '../../support/until.ts';
import type { Asked, Executed } from '../ledger.ts';
import type { EtcdNodes } from './etcd-nodes.ts';
import type { SceneGateway } from './gateway.ts';
import type { Helper } from './helper.ts';
import { joinBy } from './join.ts';
import type { LineState } from './line-main.ts';
import type { Losses } from './losses.ts';
import type { Network } from './network.ts';
import { now } from './now.ts';
import { type Datacenter, numberOf } from './plan.ts';
import { isWhole } from './whole.ts';

export type Registry = 'etcd' | 'embedded';

/** A silent cut is over for new requests after that, and one round trip, of which there is next to none here. */
const outOfRotationMs = 1_500;
/** A link is tried again at least that often, once the way is there again. */
const triedAgainMs = 5_000;

/** Endpoints that a row has registered. */
interface Registered {
  readonly gateway: string;
  readonly service: string;
  readonly count: number;
}

interface Parts {
  readonly registry: Registry;
  readonly network: Network;
  readonly etcd: EtcdNodes | undefined;
  readonly gateways: readonly SceneGateway[];
  readonly losses: Losses;
  readonly services: readonly Helper[];
  readonly clients: readonly Helper[];
  readonly line: Helper;
  addressOfServices(datacenter: Datacenter): string;
  /** Another gateway with the id of one, not started yet. */
  twinOf(gateway: SceneGateway): Promise<SceneGateway>;
}

export class Scene {
  readonly registered: Registered[] = [];
  readonly #parts: Parts;
  #twin: SceneGateway | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get registry(): Registry {
    return this.#parts.registry;
  }

  get network(): Network {
    return this.#parts.network;
  }

  get losses(): Losses {
    return this.#parts.losses;
  }

  get etcd(): EtcdNodes {
    const { etcd } = this.#parts;
    if (etcd === undefined) throw new Error('the registry of this scene is embedded');
    return etcd;
  }

  get gateways(): readonly SceneGateway[] {
    return [...this.#parts.gateways, ...(this.#twin ? [this.#twin] : [])];
  }

  /** A gateway by its name, such as `dc1/g1`. */
  gateway(name: string): SceneGateway {
    const found = this.gateways.find((gateway) => gateway.name === name);
    if (found === undefined) throw new Error(`the scene has no gateway ${name}`);
    return found;
  }

  /** Where the instances of a datacenter are. */
  addressOfServices(datacenter: Datacenter): string {
    return this.#parts.addressOfServices(datacenter);
  }

  /** Waits until every gateway is well, and linked to every other cluster by all of its gateways. */
  async whole(timeoutMs = 120_000): Promise<void> {
    for (const gateway of this.gateways) {
      await until(`${gateway.name} to be whole`, () => isWhole(gateway), timeoutMs);
    }
  }

  async startLoad(): Promise<void> {
    await Promise.all(this.#parts.clients.map((client) => client.ask('start')));
  }

  /** Resolves once nothing is in flight any more. */
  async stopLoad(): Promise<void> {
    await Promise.all(this.#parts.clients.map((client) => client.ask('rest')));
  }

  /** The requests that ended since they were taken last. */
  async takeAsked(): Promise<readonly Asked[]> {
    const taken = this.#parts.clients.map((client) => client.ask<Asked[]>('take'));
    return (await Promise.all(taken)).flat();
  }

  /** What was executed since it was taken last. */
  async takeExecuted(): Promise<Executed> {
    const ids = await Promise.all(this.#parts.services.map((one) => one.ask<string[]>('take')));
    const counts = new Map<string, number>();
    for (const id of ids.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** Starts another gateway with the id of one that runs, and with the authority of its cluster. */
  async addTwin(of: string): Promise<void> {
    this.#twin = await this.#parts.twinOf(this.gateway(of));
    await this.#twin.start('id-taken');
  }

  async removeTwin(): Promise<void> {
    const twin = this.#twin;
    this.#twin = undefined;
    await twin?.stop();
  }

  /** Gives a gateway that has lost it the authority of its cluster, by a token of its sibling. */
  async admitAgain(name: string): Promise<void> {
    const gateway = this.gateway(name);
    const { datacenter } = gateway;
    const sibling = this.gateways.find((one) => one.datacenter === datacenter && one !== gateway);
    if (sibling === undefined) throw new Error(`${name} has no sibling`);
    await joinBy(sibling, gateway, '--gateway');
  }

  /** A gateway reaches no node of etcd; all else it does. */
  async cutFromEtcd(name: string): Promise<void> {
    const nodes = this.etcd.nodes.map(({ machine }) => machine.address);
    await this.network.cut(this.gateway(name).machine, { from: nodes, to: nodes });
  }

  /** Cuts a datacenter off from all others, in silence. */
  async cut(datacenter: Datacenter): Promise<void> {
    const from = now();
    await this.network.cutDatacenter(numberOf(datacenter));
    this.losses.isolated(datacenter, from);
    this.losses.way(datacenter, { from, until: now() + outOfRotationMs });
  }

  /** What one datacenter sends to another gets there no more; the way back is as it was. */
  async cutWay(from: Datacenter, to: Datacenter): Promise<void> {
    const at = now();
    await this.network.cutWay(numberOf(from), numberOf(to));
    const lost = { from: at, until: now() + outOfRotationMs };
    this.losses.way(from, lost, to);
    this.losses.way(to, lost, from);
  }

  /** Ends every cut. */
  async mend(): Promise<void> {
    await this.network.mend();
    this.losses.reachable(now() + triedAgainMs);
  }

  /** How the way from the others to dc3 is; as it should be, unless said otherwise. */
  async line(state: Partial<LineState> = {}): Promise<void> {
    const from = now();
    await this.#parts.line.ask('become', { delayMs: 0, loss: 0, isMute: false, ...state });
    if (state.isMute) this.losses.way('dc3', { from, until: now() + outOfRotationMs });
  }
}
