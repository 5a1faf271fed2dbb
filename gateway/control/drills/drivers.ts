/** Owns the drills that this gateway drives, and whether any drill goes on. */
import { type Drill, isOver } from '../../../federation/drills/model.ts';
import type { EventDraft } from '../events/event.ts';
import type { Here } from './account.ts';
import { began, ended } from './announcements.ts';
import { Driver } from './driver.ts';

interface DriversOptions {
  event(event: EventDraft): void;
  /** A drill changed. */
  changed(): void;
}

/** A drill may be so old without a beat: its driver is about to begin. */
const firstBeatWithinMs = 15_000;

export class Drivers {
  readonly #here: Here;
  readonly #options: DriversOptions;
  readonly #drivers = new Map<string, Driver>();

  constructor(here: Here, options: DriversOptions) {
    this.#here = here;
    this.#options = options;
  }

  /** The driver of a drill; of one that is over, too, until the registry has told how it ended. */
  get(id: string): Driver | undefined {
    return this.#drivers.get(id);
  }

  /** The drills as they are here, which is before the registry tells of them. */
  get drills(): Drill[] {
    return [...this.#drivers.values()].map(({ drill }) => drill);
  }

  /** Whether a drill goes on: somebody drives it, as far as is heard here. */
  isAlive(drill: Drill): boolean {
    const { follower } = this.#here;
    const over = this.#drivers.has(drill.id) ? undefined : follower.overHere(drill);
    // One that somebody aborted goes on for as long as its driver measures what is left of it.
    const isSilent = (over === 'lost' || over === 'deadline') && !follower.hears(drill);
    return !isSilent && this.isHeld(drill);
  }

  /**
   * Whether a drill may go on at any gateway: the lease of its driver stands, by the registry. A gateway that was cut off itself
   * has let go of drills that go on elsewhere.
   */
  isHeld(drill: Drill): boolean {
    if (isOver(drill.state)) return false;
    const { board, clock } = this.#here;
    const driver = this.#drivers.get(drill.id);
    // The registry may not have told yet how it ended.
    if (driver) return !isOver(driver.drill.state);
    const beats = board.beats.some(
      ({ cluster, id }) => cluster === drill.cluster && id === drill.id,
    );
    return beats || clock.now() < drill.createdAt + firstBeatWithinMs;
  }

  /** Begins to drive a drill. */
  drive(drill: Drill): Driver {
    const { event, changed } = this.#options;
    const driver = new Driver(this.#here, drill, (now) => {
      if (isOver(now.state)) event(ended(now));
      changed();
    });
    this.#drivers.set(drill.id, driver);
    event(began(drill));
    driver.start();
    return driver;
  }

  /** Lets go of a driver once the record of its drill says what it has to say. */
  dismiss(id: string): void {
    const driver = this.#drivers.get(id);
    if (!driver || !isOver(driver.drill.state)) return;
    const record = this.#here.board.drills.find((drill) => drill.id === id);
    if (!record || isOver(record.state)) this.#drivers.delete(id);
  }

  /** Ends them all; returns whether there were any. */
  close(): boolean {
    for (const driver of this.#drivers.values()) driver.close();
    return this.#drivers.size > 0;
  }
}
