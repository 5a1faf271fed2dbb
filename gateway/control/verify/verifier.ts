/** Owns verifying the other clusters from this gateway: on a schedule, for metrics and for whoever looks, and when somebody asks. */
import type { Clock, Random } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { OtherGateways } from '../others/other-gateways.ts';
import { type Answer, type Matrix, matrixOf } from './matrix.ts';
import { type Asked, exportedTo, type MeasuringParts, measure } from './measure.ts';
import { type Cell, type Outcome, type Row, rowSchema } from './row.ts';
import { TransferBudget } from './transfer.ts';

interface VerifierParts extends MeasuringParts {
  readonly others: Pick<OtherGateways, 'ask' | 'list' | 'read' | 'unreachableSince'>;
}

interface VerifierOptions {
  readonly gateway: VerifierParts;
  /** Time between two rounds in milliseconds, moved by up to a tenth so that gateways are not in step; 0: none. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a round on the schedule does: no service of anybody's is asked for anything, and nothing is sent that fills a line. */
const onSchedule: Asked = { services: false, bandwidth: false };
/** How long another gateway may take for its row; a transfer of each of its cells takes up to 8 s besides. */
const rowMs = 10_000;
const transferMs = 8_000;
/** Rows as they were found last are asked for again after so long at the earliest. */
const keptMs = 5_000;

export const rowPath = '/v1/verify/row';

export class Verifier {
  readonly budget: TransferBudget;
  readonly #options: VerifierOptions;
  /** What is under way, by what was asked: who asks for the same meanwhile gets the same. */
  readonly #running = new Map<string, Promise<Row>>();
  readonly #standing = new Map<string, Pick<Cell, 'outcome' | 'since'>>();
  #row: Row | undefined;
  #kept: { readonly at: number; readonly matrix: Promise<Matrix> } | undefined;
  #cancel: () => void;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.budget = new TransferBudget(options.clock);
    this.#cancel = this.#later();
  }

  /** What was found last, of all; without cells until then. */
  get row(): Row {
    const { cluster, gateway } = this.#options.gateway.config;
    return this.#row ?? { cluster, gateway, cells: [] };
  }

  /** Looks at every other cluster now. Never rejects. */
  look(asked: Asked): Promise<Row> {
    const key = `${asked.services} ${asked.bandwidth}`;
    const running = this.#running.get(key);
    if (running) return running;
    const row = this.#look(asked).finally(() => this.#running.delete(key));
    this.#running.set(key, row);
    return row;
  }

  /** All rows, each looked for now, or as it was found last where nothing is asked. Never rejects. */
  verify(asked?: Asked): Promise<Matrix> {
    if (asked) return this.#verify(asked);
    const at = this.#options.clock.monotonic();
    if (this.#kept === undefined || at - this.#kept.at >= keptMs) {
      this.#kept = { at, matrix: this.#verify(undefined) };
    }
    return this.#kept.matrix;
  }

  close(): void {
    this.#cancel();
  }

  #later(): () => void {
    const { clock, everyMs, random, log } = this.#options;
    if (everyMs === 0) return () => undefined;
    return clock.after(everyMs * (0.9 + 0.2 * random()), () => {
      this.#cancel = this.#later();
      this.look(onSchedule).catch((err) => log.warn({ err }, 'other clusters are not verified'));
    });
  }

  async #look(asked: Asked): Promise<Row> {
    const { clock, gateway } = this.#options;
    const { cluster: self, gateway: id } = gateway.config;
    const { snapshot } = gateway;
    const exported = exportedTo(self, snapshot);
    const others = [...snapshot.clusters.values()].filter(({ cluster }) => cluster !== self);
    const one = (view: (typeof others)[number]) =>
      measure(gateway, view, exported.get(view.cluster), asked, clock);
    // Transfers one after the other: together they would measure how they share a line.
    const found = asked.bandwidth
      ? await Array.fromAsync(others, one)
      : await Promise.all(others.map(one));
    const cells = found.map((cell) => ({ ...cell, since: this.#since(cell) }));
    const names = new Set<string>(snapshot.clusters.keys());
    for (const name of this.#standing.keys()) if (!names.has(name)) this.#standing.delete(name);
    this.#row = { cluster: self, gateway: id, cells };
    return this.#row;
  }

  #since({ to, at, outcome }: { to: string; at: number; outcome: Outcome }): number {
    const before = this.#standing.get(to);
    const since = before?.outcome === outcome ? before.since : at;
    this.#standing.set(to, { outcome, since });
    return since;
  }

  async #verify(asked: Asked | undefined): Promise<Matrix> {
    const { gateway, clock } = this.#options;
    const { others, snapshot, config } = gateway;
    const own = (): Promise<Row> | Row => (asked ? this.look(asked) : this.row);
    const askAll = others.list().map((other) => () => this.#ask(other, asked));
    const answers: Answer[] = [];
    if (asked?.bandwidth) {
      answers.push({ cluster: config.cluster, row: await own() });
      for (const ask of askAll) answers.push(await ask());
    } else {
      const all = askAll.map((ask) => ask());
      answers.push({ cluster: config.cluster, row: await own() }, ...(await Promise.all(all)));
    }
    const by = `${config.cluster}/${config.gateway}`;
    const clusters = [...new Set([config.cluster, ...snapshot.clusters.keys()])].sort();
    const gateways = [...snapshot.clusters.values()].flatMap((view) =>
      Array.from(view.gateways.keys(), (id) => `${view.cluster}/${id}`),
    );
    return matrixOf({ by, at: clock.now(), clusters, gateways, answers });
  }

  async #ask(
    other: ReturnType<OtherGateways['list']>[number],
    asked: Asked | undefined,
  ): Promise<Answer> {
    const { others, snapshot } = this.#options.gateway;
    const { cluster, address } = other;
    const query = new URLSearchParams(
      asked && { look: 'now', services: `${asked.services}`, bandwidth: `${asked.bandwidth}` },
    );
    const withinMs = rowMs + (asked?.bandwidth ? transferMs * snapshot.clusters.size : 0);
    try {
      const row = rowSchema.parse(await others.ask(other, `${rowPath}?${query}`, withinMs));
      // Who answers at an address of a cluster is verified to be of it; what it says of itself is not.
      if (row.cluster !== cluster) throw new Error(`it says that it is of ${row.cluster}`);
      return { cluster, row };
    } catch (thrown) {
      const since = others.unreachableSince(cluster);
      return { cluster, address, why: messageOf(thrown), since };
    }
  }
}
