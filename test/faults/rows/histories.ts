/** Owns the fault under which histories are recorded: what may happen once happens once while the leader of etcd is killed again and again. */
import { setTimeout as delay } from 'node:timers/promises';
import { IsthmusError } from '../../../core/errors.ts';
import { type Drill, type DrillSummary, isOver } from '../../../federation/drills/model.ts';
import type { DrillSpecInput } from '../../../federation/drills/spec.ts';
import {
  type DrillAnswer,
  type DrillCall,
  exclusiveDrills,
} from '../../support/exclusive-drills.ts';
import { type Call, linearize, type Model } from '../../support/linearizability.ts';
import { Recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import type { Row } from '../row.ts';
import type { Scene } from '../scene/scene.ts';

const leadersKilled = 4;
const betweenMs = 5_000;
/** How long a drill that is over may be in the way of others: its driver's lease. */
const leaseMs = 15_000;

/** A token is used up by whoever takes it first; everybody else finds it gone. */
const token: Model<'there' | 'gone', 'take', 'taken' | 'not there'> = {
  initial: 'there',
  step(state, _input, output) {
    if (output === undefined) return ['gone'];
    return (state === 'there') === (output === 'taken') ? ['gone'] : [];
  },
  keyOf: String,
};

/** What was recorded, and is to be judged. */
interface Histories {
  readonly tokens: Recorder<'take', 'taken' | 'not there'>[];
  readonly drills: Call<DrillCall, DrillAnswer>[];
  /** Drills that are older are not of this history, wall milliseconds. */
  readonly since: number;
  /** By the drills' ids, the gateways that drove them. */
  readonly drivenBy: Map<string, string>;
}

let histories = emptyHistories();

function emptyHistories(): Histories {
  return { tokens: [], drills: [], since: Date.now(), drivenBy: new Map() };
}

/** Both gateways of dc1 take the same token at once. */
async function takeToken(scene: Scene): Promise<void> {
  const [first, second] = ['dc1/g1', 'dc1/g2'].map((name) => scene.gateway(name).process.api);
  if (first === undefined || second === undefined) throw new Error('dc1 has two gateways');
  const { id } = await first.send<{ id: string }>('POST', '/v1/tokens', {});
  const recorder = new Recorder<'take', 'taken' | 'not there'>(Date.now);
  histories.tokens.push(recorder);
  await Promise.all(
    [first, second, first, second].map((api) =>
      recorder.call(
        'take',
        () => api.send('DELETE', `/v1/tokens/${id}`).then(() => 'taken' as const),
        (thrown) => (codeOf(thrown) === 'TOKEN_NOT_FOUND' ? 'not there' : undefined),
      ),
    ),
  );
}

async function startDrill(scene: Scene, name: string, spec: DrillSpecInput): Promise<void> {
  const began = Date.now();
  const note = (output: DrillAnswer, id?: string) =>
    histories.drills.push({
      ...{ input: { kind: 'start', ...(id && { id }) }, output, began, ended: Date.now() },
    });
  try {
    const { api } = scene.gateway(name).process;
    const { id } = await api.send<Drill>('POST', '/v1/drills?force=true', spec);
    note('done', id);
    histories.drivenBy.set(id, name);
  } catch (thrown) {
    // What was started and not answered shows among the drills at the end.
    if (codeOf(thrown) === 'DRILL_CONFLICT') note('conflict');
  }
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof IsthmusError ? thrown.code : undefined;
}

/** Drills that were started by calls without an answer. */
async function noteUnanswered(scene: Scene): Promise<void> {
  for (const { id, cluster, driver, createdAt } of await scene
    .gateway('dc1/g1')
    .process.items<DrillSummary>('/v1/drills')) {
    if (createdAt < histories.since || histories.drivenBy.has(id)) continue;
    const input = { kind: 'start', id } as const;
    histories.drills.push({ input, output: undefined, began: createdAt, ended: createdAt });
    histories.drivenBy.set(id, `${cluster}/${driver.gateway}`);
  }
}

/** How each drill went, by its driver's timeline. */
async function noteEnds(scene: Scene): Promise<void> {
  for (const [id, name] of histories.drivenBy) {
    const { api } = scene.gateway(name).process;
    const drill = await until(`drill ${id} to be over`, async () => {
      const seen = await api.get<Drill>(`/v1/drills/${id}`);
      return isOver(seen.state) ? seen : undefined;
    });
    const at = (kind: string) => drill.timeline.find((entry) => entry.kind === kind)?.at;
    const [begun, reverted] = [at('started'), at('reverted')];
    if (begun !== undefined) {
      const input = { kind: 'begin', id } as const;
      histories.drills.push({ input, output: 'done', began: begun, ended: begun });
    }
    const gaveWay = drill.refusal?.includes('was there first') ?? false;
    const from = reverted ?? drill.endedAt ?? drill.createdAt;
    histories.drills.push({
      ...{ input: { kind: 'end', id, gaveWay }, output: 'done', began: from },
      ended: from + leaseMs,
    });
  }
}

const recorded: Row = {
  name: 'histories',
  title:
    'the leader of etcd killed four times, while tokens are used up and drills are started at several clusters at once',
  async prepare() {
    histories = emptyHistories();
  },
  async break(scene) {
    let goesOn = true;
    const taking = repeat(
      () => goesOn,
      500,
      // While there is no leader no token is made either: what was taken before is in the history.
      () => takeToken(scene).catch(() => undefined),
    );
    const starting = ['dc1', 'dc2', 'dc3'].map((cluster) =>
      repeat(
        () => goesOn,
        1_500,
        () =>
          startDrill(scene, `${cluster}/g1`, {
            ...{ kind: 'evacuate', scope: { cluster }, ramp: '200ms', duration: '2s' },
          }),
      ),
    );
    for (let killed = 0; killed < leadersKilled; killed++) {
      const leader = await scene.etcd.leader();
      await scene.etcd.kill(leader);
      await delay(betweenMs);
      await scene.etcd.startAll();
      await delay(betweenMs);
    }
    goesOn = false;
    await Promise.all([taking, ...starting]);
  },
  async afterwards(scene) {
    await noteUnanswered(scene);
    await noteEnds(scene);
    const wrong = histories.tokens.flatMap(({ history }) =>
      linearize(history, token).kind === 'linearizable'
        ? []
        : [`a token was used up as it can not be: ${JSON.stringify(history)}`],
    );
    const verdict = linearize(histories.drills, exclusiveDrills);
    if (verdict.kind !== 'linearizable') {
      wrong.push(`drills were not in force one at a time: ${JSON.stringify(verdict)}`);
    }
    const taken = histories.tokens.filter(({ history }) =>
      history.some(({ output }) => output === 'taken'),
    );
    const begun = histories.drills.filter(({ input }) => input.kind === 'begin');
    if (taken.length === 0) wrong.push('no token was used up');
    if (begun.length === 0) wrong.push('no drill was in force');
    console.log(
      `${histories.tokens.length} tokens, ${taken.length} used up; ${begun.length} drills in force`,
    );
    return wrong;
  },
};

async function repeat(
  goesOn: () => boolean,
  everyMs: number,
  run: () => Promise<void>,
): Promise<void> {
  while (goesOn()) {
    await run();
    await delay(everyMs);
  }
}

export const historyFaults: readonly Row[] = [recorded];
