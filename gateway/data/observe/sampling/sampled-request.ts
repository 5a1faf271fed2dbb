/** Owns what is remembered of one real request, so that it can be asked later what would become of it: its head without secrets, and what became of it. */
import type { ServiceName } from '../../../../core/names.ts';
import { ownText } from '../../../../core/own-text.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { Peer } from '../../message/peer.ts';
import { FieldFilter } from '../../wire/http1/field-filter.ts';
import type { RefusedLabels } from '../series.ts';
import { hasTokenIn, isSecretField, withoutSecrets } from './secrets.ts';

/** Plain values: they pass from thread to thread. */
export interface SampledRequest {
  /** When it came, wall milliseconds. */
  readonly at: number;
  /** How many requests of the same service and minute it stands for, itself among them. */
  readonly standsFor: number;
  /** Empty where it has none that anybody was told. */
  readonly requestId: string;
  readonly traceId?: string | undefined;
  readonly method: string;
  /** `https`: it came in at an ingress. */
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** As it is decided by, secret parameters without their values. */
  readonly path: string;
  /** Name and value in turns; those of `withheld` are not among them. */
  readonly fields: readonly string[];
  /** Names of fields that it had and whose values are not kept: secrets, and what is too long. */
  readonly withheld: readonly string[];
  /** Names of parameters of the same kind. */
  readonly withheldParams: readonly string[];
  readonly peer: SampledPeer;
  /** Absent where it named none. */
  readonly service?: ServiceName | undefined;
  readonly outcome: SampledOutcome;
}

/** Who asked. */
type SampledPeer =
  | {
      readonly kind: 'client';
      readonly address: string;
      readonly certificate?: string | undefined;
      readonly foreign?: string | undefined;
      /** Whether it is a trusted proxy. */
      readonly isProxy: boolean;
    }
  | Extract<Peer, { readonly kind: 'gateway' | 'stranger' }>;

interface SampledOutcome {
  /** Absent where no answer was given. */
  readonly status?: number | undefined;
  readonly code?: RefusedLabels['code'] | undefined;
  readonly cluster?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Milliseconds until it was over. */
  readonly ms: number;
}

/** What is known of a request once it is over, beside its head. */
export interface Known
  extends Pick<SampledRequest, 'at' | 'requestId' | 'service' | 'outcome' | 'traceId'> {
  readonly exchange: Pick<Exchange, 'head' | 'peer'>;
}

const allButHost = new FieldFilter((name) => name === 'host');
/** Most fields of a request, and characters of a value and of a target, that are kept. */
const mostFields = 64;
const longestValue = 1024;
const longestTarget = 2048;

/** Undefined for what can't be asked about later: a connection, and a target that is too long or has a secret in the middle of it. */
export function sampledRequest(known: Known): Omit<SampledRequest, 'standsFor'> | undefined {
  const { exchange, at, requestId, service, outcome, traceId } = known;
  const { head, peer } = exchange;
  if (head.tunnel?.kind === 'tcp' || head.path.length > longestTarget) return undefined;
  const { path, withheld: withheldParams } = withoutSecrets(head.path);
  if (hasTokenIn(path)) return undefined;
  const fields: string[] = [];
  const withheld: string[] = [];
  const list = head.fields.listWithout(allButHost);
  for (let i = 0; i < list.length; i += 2) {
    const [name = '', value = ''] = [list[i]?.toLowerCase(), list[i + 1]];
    const isKept =
      fields.length < 2 * mostFields && value.length <= longestValue && !isSecretField(name, value);
    if (isKept) fields.push(ownText(name), ownText(value));
    else withheld.push(ownText(name));
  }
  return {
    ...{ at, requestId, traceId, service, outcome, fields, withheld, withheldParams },
    method: ownText(head.method),
    scheme: head.scheme,
    authority: ownText(head.authority),
    path: ownText(path),
    peer: sampledPeer(peer),
  };
}

function sampledPeer(peer: Peer): SampledPeer {
  if (peer.kind !== 'client') return peer;
  const { kind, address, certificate, foreign, proxies } = peer;
  return { kind, address, certificate, foreign, isProxy: proxies !== undefined };
}
