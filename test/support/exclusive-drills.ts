/** Owns what histories of drills that can't run beside each other have to be like: one is in force at a time, and who is refused is refused for another. */
import type { Model } from './linearizability.ts';

export type DrillCall =
  /** Asked for; `id` where that was granted. */
  | { readonly kind: 'start'; readonly id?: string }
  /** In force from now on, somewhere. */
  | { readonly kind: 'begin'; readonly id: string }
  /** In force nowhere any more, or never to be. `gaveWay`: because another one was there first. */
  | { readonly kind: 'end'; readonly id: string; readonly gaveWay: boolean };

export type DrillAnswer = 'done' | 'conflict';

interface Going {
  /** Those that were granted and have not ended, in the order of their ids. */
  readonly granted: readonly string[];
  readonly inForce: string | undefined;
}

export const exclusiveDrills: Model<Going, DrillCall, DrillAnswer> = {
  initial: { granted: [], inForce: undefined },
  step(state, call, answer) {
    const { granted, inForce } = state;
    switch (call.kind) {
      case 'start': {
        if (answer === 'conflict') return granted.length > 0 ? [state] : [];
        if (call.id === undefined) return [state];
        return inForce === undefined ? [{ granted: [...granted, call.id].sort(), inForce }] : [];
      }
      case 'begin':
        return inForce === undefined && granted.includes(call.id)
          ? [{ granted, inForce: call.id }]
          : [];
      case 'end': {
        if (!granted.includes(call.id) || (call.gaveWay && granted.length < 2)) return [];
        const left = granted.filter((id) => id !== call.id);
        return [{ granted: left, inForce: inForce === call.id ? undefined : inForce }];
      }
    }
  },
  keyOf: ({ granted, inForce }) => `${granted.join()} ${inForce}`,
};
