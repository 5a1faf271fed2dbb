/** Owns counting answered requests by the names of their callers, which certificates proved: so many names of each service, then the others together. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Exchange } from '../message/exchange.ts';
import { clientCertificateId } from '../message/headers.ts';
import { sourceOf } from '../message/peer.ts';
import { shownCertificate } from '../message/shown-certificate.ts';
import { Facts, type Place } from '../request/authorize/facts.ts';
import type { Slots } from './ledger.ts';
import type { NamedLabels } from './series.ts';

/** The name of all callers of a service beyond its first. */
const others = 'other';

/** Longest name that has a series of its own, in characters. */
const longestName = 256;

/** Certificates whose names are kept ready, of each service and source: names are found anew beyond that. */
const mostKept = 256;

interface Options {
  readonly place: Place;
  /** Most names of each service; 0: nobody is counted. */
  readonly most: number;
  /** The slots of a series. */
  open(labels: NamedLabels): Slots;
}

/** As rules have it; nothing is made for those who show none. */
function shownIn({ peer, head: { fields } }: Exchange): string | undefined {
  if (peer.kind === 'client') return peer.certificate;
  const isShown = fields.getById(clientCertificateId) !== undefined;
  return isShown ? shownCertificate(fields.allById(clientCertificateId)) : undefined;
}

/** What is known of a service's callers. */
interface Known {
  readonly names: Set<string>;
  /** By the cluster whose gateway asked, by what is shown of a certificate; undefined: it has no name. */
  readonly shown: Map<ClusterName | undefined, Map<string, Slots | undefined>>;
}

export class PrincipalCounts {
  readonly #options: Options;
  readonly #services = new Map<ServiceName, Known>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Whoever shows no certificate costs one look. */
  answered(exchange: Exchange, service: ServiceName, status: number): void {
    if (this.#options.most === 0) return;
    const shown = shownIn(exchange);
    if (shown === undefined) return;
    const known = this.#services.getOrInsertComputed(service, () => ({
      names: new Set(),
      shown: new Map(),
    }));
    const source = sourceOf(exchange.peer);
    const kept = known.shown.getOrInsertComputed(source, () => new Map());
    if (!kept.has(shown)) {
      if (kept.size >= mostKept) kept.clear();
      kept.set(shown, this.#find(exchange, service, source, known.names));
    }
    const slots = kept.get(shown);
    if (slots === undefined) return;
    const at = slots.at + Math.floor(status / 100);
    slots.values[at] = (slots.values[at] ?? 0) + 1;
  }

  #find(
    exchange: Exchange,
    service: ServiceName,
    source: ClusterName | undefined,
    names: Set<string>,
  ): Slots | undefined {
    const { place, most, open } = this.#options;
    const { principals } = new Facts(exchange, place, undefined);
    if (principals.length === 0) return undefined;
    const name = principals.join(',');
    const isNamed = names.has(name) || (names.size < most && name.length <= longestName);
    if (isNamed) names.add(name);
    return open({ kind: 'named', service, source, principal: isNamed ? name : others });
  }
}
