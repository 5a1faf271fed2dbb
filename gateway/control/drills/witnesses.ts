/** Owns looking on at drills that other gateways drive, and reporting on those whose driver is lost: of the gateways that are left the first that can. */
import type { DrillBoard } from '../../../federation/drills/board.ts';
import { type Drill, isOver } from '../../../federation/drills/model.ts';
import { signReport } from '../../../federation/drills/report-signature.ts';
import { driverLost, type Here } from './account.ts';
import { latestEnd, reportOn } from './tidying.ts';
import { Witness } from './witness.ts';

const lookEveryMs = 500;
/** So long each is left to report before the next one does: it may not have looked on from the beginning, or be gone too. */
const turnMs = 10_000;

export class Witnesses {
  readonly #here: Here;
  readonly #isDrivenHere: (drill: Drill) => boolean;
  readonly #witnesses = new Map<string, Witness>();
  readonly #told = new Set<string>();
  #cancel = (): void => {};
  #looking = false;

  constructor(here: Here, isDrivenHere: (drill: Drill) => boolean) {
    this.#here = here;
    this.#isDrivenHere = isDrivenHere;
  }

  /** A drill that nobody drives any more, as it ended by what is known here. */
  ended(drill: Drill): Drill {
    const { board, clock } = this.#here;
    const report = reportOn(drill, board.reports);
    if (report === undefined) {
      if (isOver(drill.state)) return drill;
      const lostAt = this.#witnesses.get(keyOf(drill))?.lostAt;
      const endedAt = lostAt ?? latestEnd(drill, clock.now());
      return { ...drill, state: 'aborted', abortedBy: driverLost, endedAt };
    }
    const { endedAt, timeline, verdict } = report;
    const outcome = verdict.passed ? 'passed' : 'failed';
    const end = { state: 'aborted', abortedBy: driverLost, endedAt } as const;
    return { ...drill, ...end, outcome, timeline, report };
  }

  /** Whether how a drill ended will be told from here, or was. */
  isWitness(drill: Drill): boolean {
    return drill.startedAt !== undefined && this.#witnesses.has(keyOf(drill));
  }

  /** Records of drills changed. */
  changed(): void {
    const { board, isAlive } = this.#here;
    for (const drill of board.drills) {
      const known = this.#witnesses.get(keyOf(drill));
      if (known) known.heard(drill);
      else if (drill.startedAt === undefined && isAlive(drill) && !this.#isDrivenHere(drill)) {
        this.#witnesses.set(keyOf(drill), new Witness(this.#here, drill));
      }
    }
    if (this.#witnesses.size > 0 && !this.#looking) this.#lookLater();
  }

  /** Whether what happens now is part of a report that may have to be made here. */
  get lookOn(): boolean {
    return this.#witnesses.values().some((witness) => witness.looksOn);
  }

  close(): void {
    this.#cancel();
    this.#witnesses.clear();
  }

  #lookLater(): void {
    this.#looking = true;
    this.#cancel = this.#here.clock.after(lookEveryMs, () => {
      this.#looking = false;
      for (const [key, witness] of this.#witnesses) this.#look(key, witness);
      if (this.#witnesses.size > 0) this.#lookLater();
    });
  }

  #look(key: string, witness: Witness): void {
    const { board, follower, isAlive } = this.#here;
    const drill = board.drills.find((one) => keyOf(one) === key);
    if (!drill || isTold(drill, board)) {
      this.#witnesses.delete(key);
      this.#told.delete(key);
      return;
    }
    if (!isAlive(drill)) witness.lost();
    witness.look(follower.strength(drill));
    const { concluded } = witness;
    if (!concluded || this.#told.has(key) || !this.#isDue(drill, concluded)) return;
    this.#told.add(key);
    this.#tell(concluded);
  }

  /** In its record where that is this cluster's to write, else beside it. */
  #tell(drill: Drill): void {
    const { self, writer, authority } = this.#here;
    if (drill.report === undefined) return;
    const report = signReport(drill.report, authority);
    const { cluster: of, id } = drill;
    if (of === self.cluster) writer.write('runs', { ...drill, report });
    else writer.write('reports', { cluster: self.cluster, id, of, report });
  }

  /** Whether a report by another gateway than the driver is due: not while the registry is out of reach, or the driver may yet write one. */
  #isDue(drill: Drill, { endedAt = 0 }: Drill): boolean {
    const { board, self, sight, clock } = this.#here;
    const live = sight.gateways();
    if (!board.current) return false;
    if (!isOver(drill.state) && live.includes(nameOf(drill.driver))) return false;
    const turn = reporters(drill, live).indexOf(nameOf(self));
    return turn >= 0 && clock.now() >= endedAt + turn * turnMs;
  }
}

/** The gateways that are left to report on a drill, in the order they should: those of its driver's cluster, then the others, by name. */
export function reporters(
  { driver }: Pick<Drill, 'driver'>,
  live: readonly string[],
): readonly string[] {
  const left = live.filter((gateway) => gateway !== nameOf(driver)).sort();
  const isNear = (gateway: string) => gateway.startsWith(`${driver.cluster}/`);
  return [...left.filter(isNear), ...left.filter((gateway) => !isNear(gateway))];
}

function nameOf({ cluster, gateway }: Drill['driver']): string {
  return `${cluster}/${gateway}`;
}

function keyOf({ cluster, id }: Pick<Drill, 'cluster' | 'id'>): string {
  return `${cluster}/${id}`;
}

/** Whether all is said of a drill: it has its report, or can't have one. */
function isTold(drill: Drill, { reports }: Pick<DrillBoard, 'reports'>): boolean {
  if (drill.report || (isOver(drill.state) && drill.startedAt === undefined)) return true;
  return reports.some(({ of, id }) => of === drill.cluster && id === drill.id);
}
