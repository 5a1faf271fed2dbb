/** Owns asking the federation's other gateways: which there are, and connections to them that are kept. */
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Identity } from '../membership/identity.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import { GatewayAgent } from './agent.ts';
import { askGateway, readGateway } from './client.ts';
import { type KnownGateways, knownCluster, otherGateways } from './clusters.ts';
import type { OtherGateway } from './other-gateway.ts';

interface OtherGatewaysParts extends KnownGateways {
  readonly identity: Pick<Identity, 'leaf' | 'trust'>;
  readonly workers: { readonly links: Pick<LinkBoard, 'downSince'> };
}

export class OtherGateways {
  readonly agent: GatewayAgent;
  readonly #gateway: OtherGatewaysParts;
  readonly #clock: Clock;

  constructor(gateway: OtherGatewaysParts, clock: Clock, lookup: LookupFunction) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.agent = new GatewayAgent({
      identity: () => gateway.identity.leaf.current,
      trust: gateway.identity.trust,
      clock,
      lookup,
      find: (name) => knownCluster(gateway, name),
    });
  }

  list(): OtherGateway[] {
    return otherGateways(this.#gateway);
  }

  /** Asks one for JSON, within 3 s by default. Throws PEER_UNREACHABLE. */
  ask(other: OtherGateway, path: string, withinMs?: number): Promise<unknown> {
    return askGateway(this.agent, other, path, withinMs);
  }

  /** Reads what one answers with, as `readGateway` does. Throws PEER_UNREACHABLE. */
  read(other: OtherGateway, path: string, withinMs: number) {
    return readGateway(this.agent, other, path, { clock: this.#clock, withinMs });
  }

  /** Since when no link to a cluster is up, in wall milliseconds; undefined while one is, and for the own one. */
  unreachableSince(cluster: ClusterName): number | undefined {
    const { config, workers } = this.#gateway;
    return cluster === config.cluster ? undefined : workers.links.downSince(cluster);
  }

  close(): void {
    this.agent.destroy();
  }
}
