/** Owns what another gateway of the federation is to those who ask it. */
import type { ClusterName } from '../../../core/names.ts';

export interface OtherGateway {
  readonly cluster: ClusterName;
  /** `host:port` it is asked at. */
  readonly address: string;
}
