/** Owns what a running drill reaches: gateway after gateway has it in force, then all of them, and traffic moves; each is told once. */
import type { ClusterName } from '../../core/names.ts';
import type { Note } from '../../federation/drills/lifecycle.ts';
import type { Drill } from '../../federation/drills/model.ts';
import type { DriverWorld } from './driver.ts';
import type { Recording } from './recording.ts';

export class Milestones {
  readonly #recording: Recording;
  readonly #told = new Set<string>();

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** What was reached since the look before, at monotonic milliseconds `now`. */
  reached(drill: Drill, world: Pick<DriverWorld, 'gateways' | 'strengthAt'>, now: number): Note[] {
    const recording = this.#recording;
    const gateways = world.gateways();
    const strengthAt = (gateway: string) => world.strengthAt(gateway, drill.id) ?? 0;
    const notes = gateways
      .filter((gateway) => strengthAt(gateway) > 0 && this.#isNew(gateway))
      .map((gateway) => inForceAt(gateway, now - (recording.startedAt ?? now)));
    if (!recording.isInForce && gateways.every((one) => strengthAt(one) >= 1)) {
      const value = recording.inForce(now);
      notes.push({ kind: 'in-force', what: 'In force in full at every gateway', value });
    }
    const shifts = recording.shiftNotes(drill.prediction).filter(({ kind }) => this.#isNew(kind));
    return [...notes, ...shifts];
  }

  #isNew(milestone: string): boolean {
    if (this.#told.has(milestone)) return false;
    this.#told.add(milestone);
    return true;
  }
}

function inForceAt(gateway: string, sinceMs: number): Note {
  const [cluster = '', id = ''] = gateway.split('/');
  return {
    kind: 'gateway',
    cluster: cluster as ClusterName,
    what: `${id} has it in force`,
    value: Math.round(sinceMs),
  };
}
