/** Owns the ground that all forwarded requests share. */
import type { Clock, Random } from '../../../../core/clock.ts';
import type { IsthmusError } from '../../../../core/errors.ts';
import type { Log } from '../../../../core/log.ts';
import type { ClusterName } from '../../../../core/names.ts';
import type { Listed, Roster } from '../../../../core/roster.ts';
import type { TimingWheel } from '../../../../core/timing-wheel.ts';
import type { FaultMaker } from '../../fault/fault-maker.ts';
import type { ClusterTransport, EndpointTransport } from '../../message/call.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { OwnLines } from '../../message/own-lines.ts';
import type { RequestIds } from '../../message/request-id.ts';
import type { Observer } from '../../observe/observer.ts';
import type { PrincipalCounts } from '../../observe/principal-counts.ts';
import type { Recorder } from '../../observe/record.ts';
import type { ProxyLimits } from '../limit.ts';
import type { Route } from '../route/route-table.ts';

/** An answer or a tunnel under way whose end nobody knows. */
interface OpenRequest extends Listed {
  readonly exchange: Exchange;
  readonly route: Route;
  cut(error: IsthmusError): void;
}

export interface ForwardingGround {
  readonly cluster: ClusterName;
  readonly says: OwnLines;
  readonly ids: RequestIds;
  readonly limits: Pick<ProxyLimits, 'maxBodyBytes' | 'bodyMs'>;
  readonly endpoints: EndpointTransport;
  readonly links: ClusterTransport;
  readonly faults: FaultMaker;
  readonly recorder: Recorder;
  readonly principals: PrincipalCounts;
  readonly open: Roster<OpenRequest>;
  /** Absent where requests are only counted. */
  readonly observer: Observer | undefined;
  readonly wheel: TimingWheel;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
