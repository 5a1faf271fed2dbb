/** Owns what the connections of one listener stand on, and what a listener needs of them, whatever they speak. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { SparseLog } from '../../core/sparse-log.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import type { InFlight } from './drain.ts';
import type { ExchangeTaker } from './exchange.ts';
import type { ProxyLimits } from './limit.ts';
import type { Peer } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';
import type { Recorder } from './record.ts';
import type { Listed, Roster } from './roster.ts';
import type { Sweep } from './sweep.ts';

/** Who a connection's requests come from, and how. */
export interface ClientIdentity {
  readonly peer: Peer;
  readonly scheme: 'http' | 'https';
}

/** A connection, as its listener ends it. */
export interface ClientSide extends Listed {
  /** Whether no request is under way, nor the head of one. */
  readonly isIdle: boolean;
  /** Takes no request after those under way. */
  drain(): void;
  /** Cuts it off. */
  destroy(): void;
}

export interface ClientGround {
  readonly taker: ExchangeTaker;
  readonly unreadable: GatewayProxy['unreadable'];
  readonly limits: ProxyLimits;
  /** `limits` as the parser of HTTP/1.1 has them. */
  readonly headLimits: Http1Limits;
  readonly recorder: Recorder;
  readonly sweep: Sweep;
  readonly clock: Clock;
  readonly log: Log;
  /** For what the other side can cause at will. */
  readonly sparseLog: SparseLog;
  /** Requests; each connection counts its own. */
  readonly inFlight: InFlight;
  /** Those there are: each adds itself, and deletes itself when it has closed. */
  readonly connections: Roster<ClientSide>;
  isDraining(): boolean;
}
