/** Owns whether a drill met its objectives. */

import { msOf } from '../../core/duration.ts';
import type { Abort, Objective, Traffic } from './model.ts';
import type { Objectives } from './spec.ts';
import { percentText } from './words.ts';

export interface Findings {
  readonly abortedBy: Abort | undefined;
  readonly during: Traffic;
  /** See `recoverMs`; undefined when it did not recover. */
  readonly recoverMs: number | undefined;
  /** Probes with an expired certificate, and how many were refused; absent in other kinds of drill. */
  readonly probes?: { readonly made: number; readonly refused: number } | undefined;
}

interface Verdict {
  readonly passed: boolean;
  readonly objectives: Objective[];
}

/** Holds what was found against the objectives. Without requests there is nothing to judge by: that is no success. */
export function judge(objectives: Objectives, findings: Findings): Verdict {
  const { abortedBy, during, recoverMs, probes } = findings;
  const judged: Objective[] = [completed(abortedBy)];
  if (probes) {
    judged.push({
      name: 'refusals',
      what: `${probes.refused} of ${probes.made} gateways refused the expired certificate`,
      limit: probes.made,
      measured: probes.refused,
      met: probes.made > 0 && probes.refused === probes.made,
    });
  } else {
    judged.push(...traffic(objectives, during, recoverMs));
  }
  return { passed: judged.every(({ met }) => met), objectives: judged };
}

function completed(abortedBy: Abort | undefined): Objective {
  const what = abortedBy ? `It was aborted: ${abortedBy.what}` : 'It ran to its end';
  return { name: 'completed', what, met: abortedBy === undefined };
}

function traffic(
  objectives: Objectives,
  during: Traffic,
  recoverMs: number | undefined,
): Objective[] {
  const rto = msOf(objectives.rto);
  const { errorBudget } = objectives;
  if (during.requests === 0) {
    const what = 'There was no traffic to judge by';
    return [
      { name: 'rto', what, limit: rto, met: false },
      { name: 'errorBudget', what, limit: errorBudget, met: false },
    ];
  }
  return [
    {
      name: 'rto',
      what:
        recoverMs === undefined
          ? 'It had not recovered at the end'
          : `It recovered within ${Math.round(recoverMs)} ms of being in force; ${rto} ms are allowed`,
      limit: rto,
      ...(recoverMs === undefined ? {} : { measured: recoverMs }),
      met: recoverMs !== undefined && recoverMs <= rto,
    },
    {
      name: 'errorBudget',
      what: `${percentText(during.errorRate)} of ${during.requests} requests failed; ${percentText(errorBudget)} may`,
      limit: errorBudget,
      measured: during.errorRate,
      met: during.errorRate <= errorBudget,
    },
  ];
}
