/** Owns what would become of remembered requests by some policies: the steps of their listener are asked again, one request after another. */
import { askedName, type ClusterName, type ServiceName } from '../../../../core/names.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { Peer } from '../../message/peer.ts';
import type { TrustedProxies } from '../../message/trusted-proxies.ts';
import type { SampledRequest } from '../../observe/sampling/sampled-request.ts';
import { chainFor, type Entrance } from '../../request/chain.ts';
import { bucketKey, type CompiledLimit, limitsFor } from '../../request/rate-limit/limits.ts';
import { codeOf } from '../../request/respond/unreadable.ts';
import type { Governed } from '../../request/route/governed.ts';
import { headerFits } from '../../request/route/match.ts';
import type { Route } from '../../request/route/route-table.ts';
import type { Step } from '../../request/step.ts';
import type { ServicePart } from '../../worker/service-part.ts';
import { tellAuthorization, tellToken } from '../access.ts';
import { type Branch, branchesOf } from '../branches.ts';
import type { Decision } from '../decision.ts';
import { type ExplainedPlace, type ExplainGround, groundOf } from '../ground.ts';
import { type KnownIngress, ledAt } from '../ingress.ts';
import { readMadeUp } from '../made-up.ts';
import { explainWay, Noted, type Teller } from '../way.ts';
import type { End, Fate, Part } from './fate.ts';
import { LimitReplay } from './limit-replay.ts';

interface ReplayOptions {
  readonly place: ExplainedPlace;
  readonly ingresses: readonly KnownIngress[];
  readonly proxies: TrustedProxies;
  /** The clusters that would serve a service, or a part of it, each with its share of 0 to 1; empty where nobody can. */
  balance(service: ServiceName, part: ServicePart): readonly Share[];
}

export interface Share {
  readonly cluster: ClusterName;
  readonly share: number;
}

/** The steps of a listener, and the last of them apart: where a request goes by its rule. */
interface Chain {
  readonly kind: Entrance['kind'];
  readonly before: readonly Step[];
  readonly split: Step | undefined;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #ground: ExplainGround;
  readonly #limits = new LimitReplay();
  readonly #chains = new Map<string, Chain | undefined>();
  readonly #shares = new Map<string, readonly Share[]>();

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#ground = groundOf(options.place, new Noted());
  }

  /** Requests are asked about in the order in which they came: limits are counted over all of them. */
  async fateOf(sampled: SampledRequest): Promise<Fate> {
    const chain = this.#chainFor(sampled);
    if (chain === undefined) {
      return whole({ kind: 'unknown', says: 'no listener has its host any more' });
    }
    const read = readMadeUp(
      {
        scheme: sampled.scheme,
        method: sampled.method,
        authority: sampled.authority,
        target: sampled.path,
        fields: sampled.fields,
        withheld: sampled.withheld,
        peer: this.#peerOf(sampled),
      },
      this.#options.place.limits,
    );
    if (read.kind === 'refused') {
      return whole({ kind: 'refused', says: read.why.what, code: codeOf(read.why) });
    }
    const { fate, governed } = await this.#walk(chain, read.exchange, sampled);
    const [asked] = sampled.withheldParams.filter((name) => isNamed(name, governed));
    if (!read.withheld?.isAsked && asked === undefined) return fate;
    const says = 'it depends on a value that was not kept of the request';
    return whole({ kind: 'unknown', says, by: governed });
  }

  close(): void {
    this.#ground.close();
  }

  async #walk(chain: Chain, exchange: Exchange, sampled: SampledRequest) {
    const { place } = this.#options;
    const where = { cluster: place.where.cluster, federation: place.federation };
    const tellers = { authenticate: tellToken, authorize: tellAuthorization(where) };
    let found: Route | undefined;
    const route: Teller = (seen) => {
      found = seen.route;
      return [];
    };
    const way = await explainWay(chain.before, exchange, { ...tellers, route }, this.#ground.noted);
    const governed = (way.route ?? found)?.governed?.by ?? [];
    if (way.route === undefined) return { fate: whole(endIn(way.decisions)), governed };
    const asked = way.route;
    const { routes } = this.#ground.rules;
    const named = asked.governed?.rules && routes.limitNamed?.bind(routes);
    const limits = limitsFor(asked.governed?.limits, exchange, named);
    const { limited, by } = this.#limited(limits, asked.service, exchange, sampled, 1);
    const aborted = abortedShare(exchange);
    const branches = chain.split
      ? await branchesOf(chain.split, exchange, asked, this.#ground, tellers)
      : [ownBranch(asked)];
    const goes = branches.flatMap((branch) =>
      this.#partsOf(branch, chain, asked, exchange, sampled),
    );
    const passed = scaled(goes, (1 - limited) * (1 - aborted.share));
    const fate: Fate = [
      ...(limited > 0 ? [{ end: limitedBy(by), share: limited }] : []),
      ...(aborted.share > 0 ? [{ end: aborted.end, share: (1 - limited) * aborted.share }] : []),
      ...passed,
    ].filter(({ share }) => share > 0);
    return {
      fate,
      governed: [...governed, ...branches.flatMap((one) => one.route?.governed?.by ?? [])],
    };
  }

  #partsOf(
    { target, share: percent, decisions, route, passage }: Branch,
    chain: Chain,
    asked: Route,
    exchange: Exchange,
    sampled: SampledRequest,
  ): Fate {
    const share = percent / 100;
    if (route === undefined) return [{ end: endIn(decisions), share }];
    const { service, ...part } = target;
    const isOther = service !== asked.service;
    const { limited, by: limit } = isOther
      ? this.#limited(route.governed?.limits, service, exchange, sampled, share)
      : unlimited;
    const served = chain.kind === 'east-west' ? this.#here() : this.#sharesOf(service, part);
    const left = share * (1 - limited);
    const to = [
      askedName(target),
      ...Object.entries(part.subset ?? {}).map((label) => label.join('=')),
    ];
    const { policy, number: rule } = passage?.fit?.rule ?? {};
    const by = policy === undefined ? {} : { policy, rule };
    const goes = served.map(({ cluster, share: its }): Part => {
      const says = `${to.join(' ')} in ${cluster}`;
      return { end: { kind: 'goes', says, cluster, ...by }, share: left * its };
    });
    const nobody: Part = {
      end: {
        kind: 'refused',
        says: `no endpoint of ${to.join(' ')} can take it`,
        code: 'NO_HEALTHY_ENDPOINT',
      },
      share: left,
    };
    return [
      ...(limited > 0 ? [{ end: limitedBy(limit), share: share * limited }] : []),
      ...(goes.length === 0 ? [nobody] : goes),
    ];
  }

  /** The share that the limits of a service would refuse of `part` of such requests, by the first that refuses any. */
  #limited(
    limits: readonly CompiledLimit[] | undefined,
    service: ServiceName,
    exchange: Exchange,
    { at, standsFor }: SampledRequest,
    part: number,
  ): { readonly limited: number; readonly by: string } {
    const { cluster } = this.#options.place.where;
    for (const one of limits ?? []) {
      if (one.limit.dryRun || (one.atEntry && exchange.peer.kind === 'gateway')) continue;
      const key = bucketKey(one, service, exchange, cluster);
      const limited = this.#limits.refused(key, one.limit, at, Math.max(1, standsFor * part));
      if (limited > 0) return { limited, by: one.policy };
    }
    return unlimited;
  }

  #sharesOf(service: ServiceName, part: ServicePart): readonly Share[] {
    const key = JSON.stringify([service, part]);
    return this.#shares.getOrInsertComputed(key, () => this.#options.balance(service, part));
  }

  #here(): readonly Share[] {
    return [{ cluster: this.#options.place.where.cluster, share: 1 }];
  }

  #chainFor({ peer, scheme, authority }: SampledRequest): Chain | undefined {
    if (peer.kind !== 'client') return this.#made('east-west', () => ({ kind: 'east-west' }));
    if (scheme === 'http') return this.#made('outbound', () => ({ kind: 'outbound' }));
    return this.#made(`ingress ${authority}`, () => this.#ingressFor(authority));
  }

  #ingressFor(authority: string): Entrance | undefined {
    const { ingresses, place } = this.#options;
    for (const ingress of ingresses) {
      const led = ledAt(ingress, authority, this.#ground.rules.routes, place.federation);
      if (led.kind === 'ends') return led.entrance;
    }
    return undefined;
  }

  #made(key: string, entranceOf: () => Entrance | undefined): Chain | undefined {
    return this.#chains.getOrInsertComputed(key, () => {
      const entrance = entranceOf();
      if (entrance === undefined) return undefined;
      // Limits are counted by what each request stands for.
      const steps = chainFor(entrance, this.#ground.rules).filter(
        (one) => one.slot !== 'rate-limit',
      );
      const split = steps.find(({ slot }) => slot === 'split');
      return { kind: entrance.kind, before: steps.filter((step) => step !== split), split };
    });
  }

  #peerOf({ peer }: SampledRequest): Peer {
    if (peer.kind !== 'client') return peer;
    const { isProxy, ...client } = peer;
    const { proxies } = this.#options;
    return { ...client, proxies: isProxy ? proxies : undefined };
  }
}

const unlimited = { limited: 0, by: '' };

function whole(end: End): Fate {
  return [{ end, share: 1 }];
}

function scaled(fate: Fate, by: number): Fate {
  return fate.map(({ end, share }) => ({ end, share: share * by }));
}

function limitedBy(policy: string): End {
  return {
    kind: 'limited',
    says: 'it is more than a limit lets through',
    policy,
    code: 'RATE_LIMITED',
  };
}

function endIn(decisions: readonly Decision[]): End {
  const end = decisions.findLast(({ outcome }) => outcome === 'refused' || outcome === 'answered');
  if (end === undefined) return { kind: 'unknown', says: 'its way has no end' };
  const { policy, rule, code, says } = end;
  return end.outcome === 'refused'
    ? { kind: 'refused', says, policy, rule, code }
    : { kind: 'answered', says, policy };
}

function ownBranch(route: Route): Branch {
  const { service, port } = route;
  const decided = { decisions: [], mirrors: [], route, passage: undefined };
  return { target: { service, port }, share: 100, ...decided };
}

/** The share that the rule of a request answers in the service's place on purpose; what befalls all is said by the step itself. */
function abortedShare({ head, passage }: Exchange): Part {
  const rule = passage?.fit?.rule;
  const abort = rule?.fault?.abort;
  const fits = abort && abort.share < 1 && (!abort.header || headerFits(abort.header)(head));
  const says = 'it is answered in its service’s place, as a fault';
  return { end: { kind: 'answered', says, policy: rule?.policy }, share: fits ? abort.share : 0 };
}

/** Whether policies look at a parameter of that name. */
function isNamed(name: string, governed: Governed['by']): boolean {
  const named = JSON.stringify(name);
  return governed.some(({ spec }) => JSON.stringify(spec).includes(named));
}
