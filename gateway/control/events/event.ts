/** Owns what an event is: something that happened to this gateway or that it saw happen, in words for a person. */

export const eventKinds = [
  'gateway',
  'cluster-up',
  'cluster-suspect',
  'cluster-down',
  'endpoint-up',
  'endpoint-down',
  'ejection',
  'spill',
  'registry',
  'member',
  'drill',
  'certificate',
  'trust',
] as const;
type EventKind = (typeof eventKinds)[number];

export const severities = ['info', 'warning', 'error'] as const;
type Severity = (typeof severities)[number];

export interface EventDraft {
  readonly kind: EventKind;
  readonly severity: Severity;
  /** The cluster it happened to. */
  readonly cluster: string;
  /** One sentence, without a trailing period. */
  readonly what: string;
  /** Numbers and names for a program. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}
