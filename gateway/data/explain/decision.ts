/** Owns the words for what a step of the way decides of a request that nobody sends. */
import type { ErrorCode } from '../../../core/error-codes.ts';
import type { Slot, SlotName } from '../request/life.ts';
import { life } from '../request/life.ts';

export const outcomes = [
  /** The request goes on. */
  'passes',
  'refused',
  /** The gateway answers itself. */
  'answered',
  /** Something happens to the request, or may. */
  'acts',
  /** A policy that is only tried, or only looks. */
  'noted',
  'unknown',
] as const;

export interface Decision {
  readonly step: SlotName;
  readonly outcome: (typeof outcomes)[number];
  /** A clause, without a full stop. Never the value of a field. */
  readonly says: string;
  /** The policy that decided, by its name among all; absent where none did. */
  readonly policy?: string | undefined;
  /** The rule of it that decides, from 1 on. */
  readonly rule?: number | undefined;
  /** Of a refusal. */
  readonly code?: ErrorCode | undefined;
}

const order: readonly SlotName[] = life.map(({ name }: Slot) => name as SlotName);

/** In the order in which requests meet the steps. */
export function inOrder(decisions: readonly Decision[]): Decision[] {
  return decisions.toSorted((a, b) => order.indexOf(a.step) - order.indexOf(b.step));
}
