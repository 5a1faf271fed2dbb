/** Owns the demo's plot: what happens to the datacenters, act by act, and where the traffic should go. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ActResult, Score } from './score.ts';
import type { Stage } from './stage.ts';

export interface Act {
  readonly name: string;
  /** One sentence for the watcher. */
  readonly story: string;
  /** Where traffic goes once the act's event has had its effect. */
  readonly goesTo: string;
  /** Milliseconds the act lasts after its event. */
  readonly lastsMs: number;
  /** Wait until this share of the traffic is there, for acts whose effect comes by and by. */
  readonly untilShare?: number;
  /** True when the event must change nothing. */
  readonly nothingMoves?: true;
  event?(stage: Stage): Promise<void>;
}

export const acts: readonly Act[] = [
  {
    name: 'local first',
    story: 'every request is answered in dc1, where the client is',
    goesTo: 'dc1',
    lastsMs: 4_000,
  },
  {
    name: 'local instances killed',
    story: 'SIGKILL to every instance in dc1: the nearest other cluster takes over',
    goesTo: 'dc2',
    lastsMs: 5_000,
    event: (stage) => stage.killInstances(stage.dc('dc1')),
  },
  {
    name: 'gateway of dc2 killed',
    story: 'SIGKILL to the gateway of dc2: the third cluster takes over',
    goesTo: 'dc3',
    lastsMs: 5_000,
    event: async (stage) => stage.dc('dc2').gateway?.kill(),
  },
  {
    name: 'registry killed',
    story: 'the registry is terminated: nothing changes, for nothing on the data path waits for it',
    goesTo: 'dc3',
    lastsMs: 4_000,
    nothingMoves: true,
    event: (stage) => stage.registry('stop'),
  },
  {
    name: 'everything back',
    story: 'registry, gateway and instances return: the load comes home on a ramp, not as a herd',
    goesTo: 'dc1',
    lastsMs: 1_500,
    untilShare: 0.99,
    event: async (stage) => {
      await stage.registry('start');
      stage.startGateway(stage.dc('dc2'));
      stage.startInstances(stage.dc('dc1'));
    },
  },
];

/** Longest wait for traffic to be where it should: on a busy machine a gateway takes long to be back. */
const patienceMs = 60_000;

/**
 * Plays one act: its event, then `lastsMs` of traffic. `watch` is called with the running score, so that
 * the caller can feed it samples and show it.
 */
export async function play(
  act: Act,
  stage: Stage,
  watch: (score: Score) => void,
): Promise<ActResult> {
  const score = new Score(act.name);
  watch(score);
  if (act.event) {
    score.event();
    await act.event(stage);
  }
  const deadline = performance.now() + patienceMs;
  const moves = act.event !== undefined && !act.nothingMoves;
  while (moves && performance.now() < deadline) {
    const at = movedAt(act, score);
    if (at !== undefined) {
      score.shifted(at);
      break;
    }
    await delay(20);
  }
  await delay(act.lastsMs);
  return score.result();
}

/** When the traffic was where it should be; undefined while it isn't. */
function movedAt(act: Act, score: Score): number | undefined {
  if (act.untilShare === undefined) return score.firstFrom(act.goesTo)?.doneAt;
  return score.shareOf(act.goesTo, 500) >= act.untilShare ? performance.now() : undefined;
}
