/** Owns playing a row on the scene: load, the fault, what is said of it, its end, and the account of all requests. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { Finding } from '../../gateway/control/api/answers.ts';
import { until } from '../support/until.ts';
import { type Account, holdAgainst, outOfRotationAfter } from './ledger.ts';
import type { Naming, Row } from './row.ts';
import { deregisterAll } from './rows/registering.ts';
import type { SceneGateway } from './scene/gateway.ts';
import { now } from './scene/now.ts';
import { copiesOf } from './scene/plan.ts';
import type { Scene } from './scene/scene.ts';
import { type Course, faultsOf } from './verdict.ts';

export interface Played extends Account, Omit<Course, 'unnamed' | 'lacking'> {
  readonly name: string;
  readonly title: string;
  /** Codes that were named while the fault lasted. */
  readonly status: readonly string[];
  readonly check: readonly string[];
  /** Why it fails; none when it passes. */
  readonly faults: readonly string[];
}

/** Load before the fault and after all is whole again. */
const calmMs = 3_000;
const lastsMs = 5_000;
/** Longer than a lease. */
const namedWithinMs = 60_000;
const wholeWithinMs = 120_000;
const betweenLooksMs = 1_000;

export async function play(scene: Scene, row: Row): Promise<Played> {
  if (row.prepare !== undefined) {
    await row.prepare(scene);
    await scene.whole(wholeWithinMs);
  }
  scene.losses.take();
  await scene.takeAsked();
  await scene.takeExecuted();
  await scene.startLoad();
  await delay(calmMs);

  const brokeAt = now();
  const said = new Said(scene, row.named ?? []);
  const listening = said.listen();
  await row.break(scene);
  const unnamed = await said.until(row.lastsMs ?? lastsMs);
  const check = await checked(scene, row);

  await listening;
  const healedAt = now();
  await row.heal?.(scene);
  const lacking = await scene.whole(wholeWithinMs).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const recoveredMs = lacking === undefined ? now() - healedAt : undefined;
  const wrong = (lacking === undefined && (await row.afterwards?.(scene))) || [];
  await deregisterAll(scene);
  await delay(calmMs);
  await scene.stopLoad();
  await row.tidy?.(scene);

  const asked = await scene.takeAsked();
  const executed = await scene.takeExecuted();
  const account = holdAgainst(asked, executed, { ...scene.losses.take(), copiesOf });
  const outOfRotationMs =
    row.vanishes && (outOfRotationAfter(asked, row.vanishes, brokeAt) ?? Number.POSITIVE_INFINITY);
  const course = { recoveredMs, outOfRotationMs, unnamed, ...(lacking && { lacking }) };
  return {
    name: row.name,
    title: row.title,
    ...account,
    recoveredMs,
    outOfRotationMs,
    status: [...said.codes].sort(),
    check,
    faults: [...faultsOf(account, course), ...wrong],
  };
}

/** A row that ended before its account could be made: the fault could not be made, or ended. */
export function notPlayed({ name, title }: Row, thrown: unknown): Played {
  const account = holdAgainst([], new Map(), { losses: [], isolations: [], copiesOf });
  const faults = [`could not be played: ${messageOf(thrown)}`];
  const course = { recoveredMs: undefined, outOfRotationMs: undefined };
  return { name, title, ...account, ...course, status: [], check: [], faults };
}

/** What the gateways' status names, looked at again and again from before the fault on. */
class Said {
  readonly codes = new Set<string>();
  readonly #scene: Scene;
  /** What was wanted and not named yet. */
  readonly #open: Set<{ readonly gateway: string; readonly codes: readonly string[] }>;
  readonly #last = new Map<string, readonly string[]>();
  #isOver = false;

  constructor(scene: Scene, wanted: readonly Naming[]) {
    this.#scene = scene;
    this.#open = new Set(
      wanted.flatMap(({ at, codes }) => at.map((gateway) => ({ gateway, codes }))),
    );
  }

  /** Looks until `until` has resolved. */
  async listen(): Promise<void> {
    while (!this.#isOver) {
      await Promise.all(this.#scene.gateways.map((gateway) => this.#look(gateway)));
      for (const one of this.#open) {
        const named = this.#last.get(one.gateway) ?? [];
        if (one.codes.some((code) => named.includes(code))) this.#open.delete(one);
      }
      await delay(betweenLooksMs);
    }
  }

  /** Resolves after `ms`, and once all is named that is wanted, or that has taken too long, to what was not. */
  async until(ms: number): Promise<readonly string[]> {
    const startedAt = now();
    await delay(ms);
    while (this.#open.size > 0 && now() - startedAt < namedWithinMs) await delay(betweenLooksMs);
    this.#isOver = true;
    return Array.from(this.#open, ({ gateway, codes }) => {
      const last = this.#last.get(gateway)?.join(', ') || 'nothing';
      return `status of ${gateway} did not name ${codes.join(' or ')}, with what to do; last it named ${last}`;
    });
  }

  /** Notes codes of what it names with what to do. Who is gone or paused says nothing. */
  async #look({ name, process }: SceneGateway): Promise<void> {
    const status = await Promise.race([
      process.status().catch(() => undefined),
      delay(betweenLooksMs, undefined),
    ]);
    const named = [...(status?.problems ?? []), ...(status?.missing ?? [])].filter(
      ({ fix }) => fix,
    );
    const codes = named.map(({ code }) => code);
    for (const code of codes) this.codes.add(code);
    this.#last.set(name, codes);
  }
}

/** Codes of what `isthmus check` finds at one of those gateways that are to name the fault, else at the first. */
async function checked(scene: Scene, row: Row): Promise<readonly string[]> {
  const [at = 'dc1/g1'] = (row.named ?? []).flatMap((naming) => naming.at);
  const { process } = scene.gateway(at);
  const findings = await until('isthmus check to answer', async () => {
    const { stdout } = await process.isthmus(['check', '-o', 'json']);
    return (JSON.parse(stdout) as { readonly findings: readonly Finding[] }).findings;
  }).catch(() => []);
  const codes = findings.filter(({ level }) => level !== 'ok').map(({ code }) => code);
  return [...new Set(codes)].sort();
}
