/** Owns whether what is shown is live: connecting, live, or broken since when and why. */
import { computed, signal } from '@preact/signals';
import type { Problem } from '../api/problem.ts';

/** Times are milliseconds since 1970. */
type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'broken';
      /** Last sign of life: what is shown is from then. Undefined when there never was one. */
      readonly since: number | undefined;
      readonly why: Problem;
      readonly retryAt: number;
    };

const state = signal<Connection>({ kind: 'connecting' });
let lastSign: number | undefined;

export const connection = computed(() => state.value);
export const isStale = computed(() => state.value.kind === 'broken');

export function signOfLife(at: number): void {
  lastSign = at;
  if (state.peek().kind !== 'live') state.value = { kind: 'live' };
}

/** Another gateway is looked at: of it nothing is known yet. */
export function begins(): void {
  lastSign = undefined;
  state.value = { kind: 'connecting' };
}

export function broke(why: Problem, retryAt: number): void {
  state.value = { kind: 'broken', since: lastSign, why, retryAt };
}
