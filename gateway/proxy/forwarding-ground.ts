/** Owns what every request that is forwarded stands on. */
import type { Random } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName } from '../../core/names.ts';
import type { ClusterTransport, EndpointTransport } from './call.ts';
import type { FaultMaker } from './fault-maker.ts';
import type { ProxyLimits } from './limit.ts';
import type { Observer } from './observer.ts';
import type { OwnLines } from './own-lines.ts';
import type { Recorder } from './record.ts';
import type { RequestIds } from './request-id.ts';
import type { Sweep } from './sweep.ts';

export interface ForwardingGround {
  readonly cluster: ClusterName;
  readonly says: OwnLines;
  readonly ids: RequestIds;
  readonly limits: Pick<ProxyLimits, 'maxBodyBytes' | 'bodyMs'>;
  readonly endpoints: EndpointTransport;
  readonly links: ClusterTransport;
  readonly faults: FaultMaker;
  readonly recorder: Recorder;
  /** Absent where requests are only counted. */
  readonly observer: Observer | undefined;
  readonly sweep: Sweep;
  readonly random: Random;
  readonly log: Log;
}
