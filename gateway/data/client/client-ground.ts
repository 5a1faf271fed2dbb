/** Owns what the connections of one listener share, and what a listener needs of a connection, whatever it speaks. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Listed, Roster } from '../../../core/roster.ts';
import type { SparseLog } from '../../../core/sparse-log.ts';
import type { TimingWheel } from '../../../core/timing-wheel.ts';
import type { ExchangeTaker } from '../message/exchange.ts';
import type { Peer } from '../message/peer.ts';
import type { Recorder } from '../observe/record.ts';
import type { ProxyLimits } from '../request/limit.ts';
import type { GatewayProxy } from '../request/proxy.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import type { InFlight } from './drain.ts';

/** The peer whose requests a connection carries, and by which scheme. */
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
  readonly wheel: TimingWheel;
  readonly clock: Clock;
  readonly log: Log;
  /** For what the other side can cause at will. */
  readonly sparseLog: SparseLog;
  /** Requests; each connection counts its own. */
  readonly inFlight: InFlight;
  /** The open connections: each adds itself, and deletes itself when it has closed. */
  readonly connections: Roster<ClientSide>;
  /** For whom a request of HTTP/1.0 without a Host field is (RFC 9112 section 3.3); default nobody, and it is refused. */
  readonly defaultAuthority?: string | undefined;
  isDraining(): boolean;
}
