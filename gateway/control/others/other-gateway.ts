/** Owns what another gateway of the federation is to those who ask it. */
import type { ClusterName } from '../../../core/names.ts';

export interface OtherGateway {
  readonly cluster: ClusterName;
  /** `host:port` it is asked at first. */
  readonly address: string;
  /** Where it is asked if that does not answer. */
  readonly otherwise?: readonly string[];
}
