/** Owns the words of a registration: an endpoint as its owner describes it, and what became of it. */
import type { ServiceName } from '../../../core/names.ts';
import type { Check } from '../../../policy/health-check.ts';
import type { Protocol } from '../../../registry/model.ts';
import type { NamedPort } from '../../../registry/ports.ts';

/** One endpoint as its owner describes it. */
export interface Registration {
  readonly service: ServiceName;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: that of its service. */
  readonly protocol?: Protocol | undefined;
  /** Absent: those of its service. */
  readonly ports?: readonly NamedPort[] | undefined;
  readonly exported: boolean;
  readonly source: 'config' | 'api';
  /** Absent: that of its service. */
  readonly check?: Check | undefined;
  /** Heartbeat: without one for this long the endpoint is unhealthy. Milliseconds. */
  readonly ttlMs?: number | undefined;
  /** Without a heartbeat for this long the endpoint is deregistered. Milliseconds. */
  readonly deregisterAfterMs?: number | undefined;
}

/** A registration with what its service says where it says nothing itself. */
export interface WholeRegistration extends Registration {
  readonly protocol: Protocol;
}

/** A change of one endpoint of the API; without a registration it was removed. */
export interface RegistrationChange extends Pick<Registration, 'service' | 'id'> {
  readonly registration: Registration | undefined;
}
