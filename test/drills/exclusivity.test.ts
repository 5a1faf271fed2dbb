/** Specifies that of drills which can't run beside each other one is in force at a time, whatever befalls the ways to the registry and those that drive them. */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import { type Drill, isOver } from '../../federation/drills/model.ts';
import type { DrillSpec } from '../../federation/drills/spec.ts';
import { drill as specOf } from '../federation/drills/specs.ts';
import { type DrillAnswer, type DrillCall, exclusiveDrills } from '../support/exclusive-drills.ts';
import { fastClock } from '../support/fast-clock.ts';
import { type Call, linearize } from '../support/linearizability.ts';
import { type Random, seeded } from '../support/random.ts';
import { until } from '../support/until.ts';
import { type Driller, drillers } from './drillers.ts';

/** A minute of drills takes twelve seconds. */
const factor = 5;
const clock = fastClock(factor);
/** Where so little gets done that no drill came into force, it goes on for so many times as long. */
const patience = 5;
/** So long at most a drill that gateways take for over is in the way of others, by the lease of its driver, or for it is young. */
const leaseMs = 15_000;

const pause = (ms: number) => delay(ms / factor);

const evacuate = (cluster: string, duration = '4s') =>
  specOf({ kind: 'evacuate', scope: { cluster }, ramp: '1s', duration });

/** Breaks a line again and again, now and then for longer than beats and a lease last; at last it is whole. */
async function trouble({ line }: Driller, random: Random, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(1_000 + random.below(12_000));
    if (random.below(2) === 0) line.hold();
    else line.cut();
    await pause(random.below(random.below(3) === 0 ? 14_000 : 2_000));
    line.restore();
  }
}

test.serial(
  'drills that are started, aborted and finished at several gateways, while their ways to the registry are cut, are in force one at a time',
  async (t) => {
    const random = seeded();
    t.log(`seed ${random.seed}`);
    const { all, inForce } = await drillers(
      t,
      ['dc1/g1', 'dc1/g2', 'dc2/g1', 'dc3/g1'],
      clock,
      factor,
    );
    const history: Call<DrillCall, DrillAnswer>[] = [];
    const drivenBy = new Map<string, Driller>();
    /** When every gateway knew how a drill ended. */
    const known = new Map<string, number>();
    const look = (): void => {
      for (const id of drivenBy.keys()) {
        if (known.has(id)) continue;
        const isKnown = all.every(({ drills }) => {
          const seen = drills.list().find((drill) => drill.id === id);
          return seen !== undefined && isOver(seen.state);
        });
        if (isKnown) known.set(id, performance.now());
      }
    };
    for (const { drills } of all) t.teardown(drills.onChange(look));
    const [begun, minute] = [performance.now(), 60_000 / factor];
    const isEnough = () => {
      const ms = performance.now() - begun;
      return ms > minute && (inForce.size > 0 || ms > patience * minute);
    };
    const troubles = all.map((one) => trouble(one, random, isEnough));

    async function start(at: Driller): Promise<void> {
      const began = performance.now();
      const note = (output: DrillAnswer, id?: string) =>
        history.push({
          ...{
            input: { kind: 'start', ...(id && { id }) },
            output,
            began,
            ended: performance.now(),
          },
        });
      try {
        const spec = evacuate(`dc${1 + random.below(3)}`);
        const { id } = await at.drills.start(spec, { force: random.below(4) === 0 });
        note('done', id);
        drivenBy.set(id, at);
      } catch (thrown) {
        if (!(thrown instanceof IsthmusError)) throw thrown;
        if (thrown.code === 'DRILL_CONFLICT') note('conflict');
        else t.is(thrown.code, 'DRILL_NOT_REVERTIBLE');
      }
    }
    await Promise.all(
      all.map(async (at) => {
        while (!isEnough()) {
          await pause(random.below(6_000));
          await start(at);
          await pause(random.below(6_000));
          const going = at.drills.list().find(({ state }) => !isOver(state));
          if (going && random.below(4) === 0) at.drills.abort(going.id, 'somebody');
        }
      }),
    );
    await Promise.all(troubles);
    await until('every gateway to know how each ended', () => {
      look();
      return known.size === drivenBy.size;
    });
    for (const [id, { drills }] of drivenBy) {
      const span = inForce.get(id);
      const ended = known.get(id) ?? Number.POSITIVE_INFINITY;
      const { refusal, endedAt } = drills.get(id);
      t.not(endedAt, undefined);
      const gaveWay = refusal?.includes('was there first') ?? false;
      if (span) {
        const begin = { input: { kind: 'begin', id }, output: 'done', began: span.from } as const;
        history.push({ ...begin, ended: span.from });
      }
      const accepted = history.find(({ input }) => input.kind === 'start' && input.id === id);
      const began = span?.until ?? accepted?.began ?? 0;
      history.push({
        ...{ input: { kind: 'end', id, gaveWay }, output: 'done', began },
        ended: Math.max(began, ended) + leaseMs / factor,
      });
    }
    const spans = [...inForce].map(([id, { from, until }]) => `${id} ${from | 0}..${until | 0}`);
    t.log(spans.join('\n'));
    const kinds = Map.groupBy(history, ({ input, output }) => `${input.kind} ${output}`);
    t.log([...kinds].map(([kind, calls]) => `${kind}: ${calls.length}`).join(', '));
    const verdict = linearize(history, exclusiveDrills);
    t.is(verdict.kind, 'linearizable', JSON.stringify(verdict));
    t.true(inForce.size > 0);
  },
);

/** Starts a drill as soon as the registry hears this gateway, and nothing else is in the way. */
function started({ drills }: Driller, spec: DrillSpec): Promise<Drill> {
  return until('a drill to be started', () => drills.start(spec, { force: false }));
}

/** What a start is refused with once the registry hears this gateway. */
function refusal({ drills }: Driller, spec: DrillSpec): Promise<string> {
  return until('a start to be refused', async () => {
    const code = await drills.start(spec, { force: true }).then(
      () => 'none',
      (thrown: IsthmusError) => thrown.code,
    );
    return code === 'DRILL_NOT_REVERTIBLE' ? undefined : code;
  });
}

/** Waits until a drill is in force at every gateway. */
async function inForceAt(all: readonly Driller[], id: string): Promise<void> {
  await until(`drill ${id} to be in force in full`, () =>
    all[0]?.drills.get(id).timeline.some(({ kind }) => kind === 'in-force'),
  );
}

test.serial(
  'a gateway that heard nothing of a drill for so long that it let go starts none beside it, and does not close it for its sibling',
  async (t) => {
    const names = ['dc1/g1', 'dc1/g2', 'dc2/g1'];
    const { all, inForce } = await drillers(t, names, clock, factor);
    const [sibling, driver, other] = all as [Driller, Driller, Driller];
    const { id } = await started(driver, evacuate('dc1', '40s'));
    await inForceAt(all, id);
    for (const { line } of [sibling, other]) line.hold();
    await pause(6_000);
    for (const { line } of [sibling, other]) line.restore();
    for (const one of [sibling, other]) t.is(await refusal(one, evacuate('dc2')), 'DRILL_CONFLICT');
    // Longer than it takes until a leader tidies up.
    await pause(6_000);
    for (const { drills } of all) t.is(drills.get(id).state, 'running');
    t.is(inForce.get(id)?.until, Number.POSITIVE_INFINITY);
  },
);

test.serial(
  'a driver that was silent until its lease was over takes nothing up again, and another may start then',
  async (t) => {
    const { all, inForce } = await drillers(t, ['dc1/g1', 'dc2/g1', 'dc3/g1'], clock, factor);
    const [driver, other] = all as [Driller, Driller];
    const first = await started(driver, evacuate('dc1', '60s'));
    await inForceAt(all, first.id);
    driver.line.hold();
    const second = await started(other, evacuate('dc2', '60s'));
    driver.line.restore();
    await until('the second to be in force', () => {
      const { state, refusal } = other.drills.get(second.id);
      if (isOver(state)) {
        t.fail(refusal ?? state);
      }
      return inForce.has(second.id) || isOver(state);
    });
    t.true((inForce.get(first.id)?.until ?? 0) < (inForce.get(second.id)?.from ?? 0));
    await until('the first to be over where it was driven', () =>
      isOver(driver.drills.get(first.id).state),
    );
    await inForceAt(all, second.id);
    t.is(other.drills.get(second.id).state, 'running');
    t.is(driver.drills.get(first.id).abortedBy?.kind, 'registry-lost');
  },
);
