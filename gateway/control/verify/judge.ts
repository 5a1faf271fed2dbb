/** Owns what is well and what is not, of what was seen of another cluster. */
import type { ServiceName } from '../../../core/names.ts';
import type { LinkState } from '../../data/balance/types.ts';
import { clockErrorMs, clockWarningMs } from '../check/finding.ts';
import type { Facts, Heard } from './facts.ts';
import type { Probed, Served } from './link-probe.ts';
import type { Finding, Outcome } from './row.ts';
import type { Transfer } from './transfer.ts';

/** A service that the other cluster exports to us. */
export interface Exported {
  readonly service: ServiceName;
  readonly healthy: number;
}

type Answered = Probed & { readonly kind: 'answered' };

export function answeredOf(probes: readonly Probed[]): Answered[] {
  return probes.filter((probe) => probe.kind === 'answered');
}

/** Every address that its gateways advertise should answer; `heard` and `silent` are of those that gateways are asked at. */
export function path(
  probes: readonly Probed[],
  heard: readonly Heard[],
  silent: readonly string[],
  link: LinkState,
): Finding {
  const reached = probes.filter(({ kind }) => kind !== 'unreachable');
  const unreachable = probes.filter((one) => one.kind === 'unreachable');
  const dead = [...unreachable.map(({ address, why }) => `${address}: ${why}`), ...silent];
  const gateways = new Set(
    [...answeredOf(probes), ...heard.map(({ facts }) => facts)].map(({ gateway }) => gateway),
  );
  const who = [...gateways].sort().join(' and ');
  const by = reached.map(({ address }) => address).join(' and ');
  if (reached.length === 0) {
    const why = dead.length === 0 ? 'It advertises no address' : dead.join('; ');
    return found('path', 'failed', why);
  }
  const answers = `${who === '' ? 'A gateway' : who} at ${by}`;
  // A handshake is one connection; what carries requests are links, and those may be in another state.
  const links = link === 'up' ? [] : [`the link is ${link}`];
  const missing = [...links, ...dead];
  if (missing.length === 0) return found('path', 'ok', answers);
  return found('path', 'warning', `${answers}; but ${missing.join('; ')}`);
}

/** Who answered is verified against the bundle of the cluster that should; whether we are believed there shows by an answer. */
export function identity(probes: readonly Probed[]): Finding {
  const refused = probes.flatMap((one) =>
    one.kind === 'refused'
      ? `${one.by === 'us' ? 'Not believed here' : 'We are not believed there'}: ${one.why}`
      : [],
  );
  const ids = [...new Set(answeredOf(probes).map(({ id }) => id))].sort();
  if (refused.length > 0) {
    return found('identity', ids.length > 0 ? 'warning' : 'failed', refused.join('; '));
  }
  if (ids.length === 0) return unreached('identity');
  return found('identity', 'ok', `${ids.join(' and ')}, each believing the other`);
}

export function latency(rttMs: number | undefined, pings: number): Finding {
  if (rttMs === undefined) return unreached('latency');
  return found('latency', 'ok', `${rounded(rttMs)} ms, the median of ${pings} round trips`);
}

/** The middle one of an odd number; of an even number the lower of the two in the middle. */
export function median(all: readonly number[]): number | undefined {
  return all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) / 2)];
}

/** The clock that is furthest off; `offsetMs` is exact to half a round trip. */
export function furthest(heard: readonly Heard[]): Heard | undefined {
  return heard.toSorted((a, b) => Math.abs(b.offsetMs) - Math.abs(a.offsetMs))[0];
}

export function clock(heard: readonly Heard[]): Finding {
  const off = furthest(heard);
  if (off === undefined) return unreached('clock');
  const { offsetMs, errorMs, facts } = off;
  const certain = Math.max(0, Math.abs(offsetMs) - errorMs);
  const outcome: Outcome =
    certain >= clockErrorMs ? 'failed' : certain >= clockWarningMs ? 'warning' : 'ok';
  const way = offsetMs >= 0 ? 'ahead of' : 'behind';
  const what = `The clock of ${facts.gateway} is ${rounded(Math.abs(offsetMs))} ms ${way} ours, give or take ${rounded(errorMs)} ms`;
  return found('clock', outcome, what);
}

/** Policies of the federation hold everywhere, so every gateway should know the same. */
export function policy(own: Facts['policies'], heard: readonly Heard[]): Finding {
  if (heard.length === 0) return unreached('policy');
  const others = heard.filter(({ facts: { policies } }) => policies.digest !== own.digest);
  if (others.length === 0) {
    return found('policy', 'ok', `The same ${own.count} policies of the federation as here`);
  }
  const told = others.map(
    ({ facts }) => `${facts.gateway} knows ${facts.policies.count} policies of the federation`,
  );
  return found(
    'policy',
    'warning',
    `${told.join(', ')}, not the same as the ${own.count} that are known here`,
  );
}

/** `served`: what each of its gateways that answers made of a request; undefined where none was to be sent. */
export function service(
  exported: Exported | undefined,
  served: readonly Served[] | undefined,
): Finding {
  if (exported === undefined) return found('service', 'ok', 'It exports no service to us');
  const { service: name, healthy } = exported;
  if (healthy === 0) {
    return found('service', 'warning', `No copy of ${name}, which it exports, is healthy`);
  }
  const who = `${name}, of which ${healthy} ${healthy === 1 ? 'copy is' : 'copies are'} healthy,`;
  if (served === undefined) return found('service', 'ok', `${who} was asked for nothing`);
  const failed = served.filter((one) => one.kind === 'failed').map(({ why }) => why);
  if (failed.length > 0) {
    const outcome = failed.length === served.length ? 'failed' : 'warning';
    return found('service', outcome, `${who} does not answer HEAD /: ${failed.join('; ')}`);
  }
  const [first] = served.filter((one) => one.kind !== 'failed');
  if (first === undefined) return unreached('service');
  if (first.kind === 'answered') {
    return found('service', 'ok', `${who} answers HEAD / with ${first.status}`);
  }
  return found('service', 'ok', `${who} is guarded by policies: HEAD / is ${first.code}`);
}

export function bandwidth(transfer: Transfer): Finding {
  if (transfer.kind === 'refused') return found('bandwidth', 'unknown', transfer.why);
  const { bytes, ms } = transfer;
  const rate = (bytes / MB / (ms / 1000)).toFixed(1);
  return found(
    'bandwidth',
    'ok',
    `${rate} MB/s: ${(bytes / MB).toFixed(1)} MB in ${rounded(ms)} ms`,
  );
}

const MB = 1_000_000;

function unreached(subject: Finding['subject']): Finding {
  return found(subject, 'unknown', 'Nobody there answers');
}

function found(subject: Finding['subject'], outcome: Outcome, what: string): Finding {
  return { subject, outcome, what };
}

function rounded(ms: number): string {
  return String(ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms));
}
