/** Owns `isthmus shift`: requests led to another version little by little, and back by themselves where a guard is broken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { ServiceName } from '../../core/names.ts';
import { writtenDuration } from '../../core/written-duration.ts';
import type { TrafficAnswer } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import { toldToStop } from '../heartbeat.ts';
import { resolveService } from '../service-path.ts';
import {
  brokenGuard,
  type Guards,
  guardsIn,
  holdIn,
  stepsIn,
  targetIn,
  targetText,
} from '../shift-plan.ts';
import { type Leading, ShiftRoute } from '../shift-route.ts';
import { printable } from '../terminal.ts';
import { choiceOption, type Verb } from '../verb.ts';

interface Options {
  readonly to: string;
  readonly stable?: string;
  readonly steps: string;
  readonly hold: string;
  readonly guard: string;
  readonly onInterrupt: 'keep' | 'revert';
}

export function shiftVerb(program: Verb, cli: Cli): void {
  program
    .command('shift')
    .argument('<service>', 'The service whose requests are led elsewhere: <service>.<namespace>.')
    .description('Lead requests to another version step by step, and back where a guard is broken.')
    .requiredOption(
      '--to <target>',
      'Where they go: a service, or LABEL=VALUE of its own endpoints.',
    )
    .option('--stable <label>', 'Where the rest stays: LABEL=VALUE. Default: the whole service.')
    .option('--steps <percents>', 'Their shares, one after the other.', '1,5,25,50,100')
    .option('--hold <duration>', 'How long each is held.', '2m')
    .option('--guard <limits>', 'What may not be exceeded meanwhile.', 'error<1%')
    .addOption(
      choiceOption('--on-interrupt <what>', 'When told to stop: keep what goes where, or revert.', [
        'keep',
        'revert',
      ]).default('keep'),
    )
    .examples(
      [
        "isthmus shift orders.shop --to orders-v2 --guard 'error<1%,p99<300ms'",
        'to another service',
      ],
      ['isthmus shift orders.shop --to version=v2 --stable version=v1', 'to endpoints by label'],
    )
    .action(async (asked: string, options: Options) => {
      const steps = stepsIn(options.steps);
      const guards = guardsIn(options.guard);
      const holdMs = holdIn(options.hold);
      const admin = await cli.admin();
      const service = await resolveService(admin, asked);
      const to = targetIn(options.to, service);
      const stable = options.stable ? targetIn(options.stable, service) : { service };
      const { onInterrupt } = options;
      const shift = new Shift(cli, admin, { service, stable, to, guards, holdMs, onInterrupt });
      await shift.run(steps, toldToStop());
    });
}

interface Plan extends Leading {
  readonly guards: Guards;
  readonly holdMs: number;
  readonly onInterrupt: Options['onInterrupt'];
}

/** How it ended. */
interface Report {
  readonly service: ServiceName;
  readonly route: string;
  readonly outcome: 'done' | 'reverted' | 'interrupted';
  /** Percent that goes to the target now. */
  readonly percent: number;
  readonly why?: string;
}

const lookMs = 1000;
/** For so long, and no longer than a share is held, a gateway that does not answer is asked again. */
const mostPatienceMs = 30_000;
/** A gateway that restarts, or is asked too often, answers again. */
const passing: ReadonlySet<string> = new Set(['ADMIN_UNREACHABLE', 'TIMED_OUT', 'RATE_LIMITED']);

class Shift {
  readonly #cli: Cli;
  readonly #admin: AdminClient;
  readonly #plan: Plan;
  readonly #route: ShiftRoute;

  constructor(cli: Cli, admin: AdminClient, plan: Plan) {
    this.#cli = cli;
    this.#admin = admin;
    this.#plan = plan;
    this.#route = new ShiftRoute(admin, plan);
  }

  async run(steps: readonly number[], stop: AbortSignal): Promise<void> {
    const { service } = this.#plan;
    await this.#route.find();
    const { percent: begun } = this.#route;
    if (begun > 0) this.#cli.note(printable(`goes on from ${begun} % of ${service}`));
    try {
      // The share at which it was left may not have been held to its end.
      for (const percent of steps.filter((one) => one >= begun && begun < 100)) {
        if (stop.aborted) break;
        const since = Date.now();
        await this.#route.write(percent);
        this.#cli.note(printable(`${percent} % of ${service} go to ${targetText(this.#plan.to)}`));
        const why = await this.#watch(since, stop);
        if (why === undefined) continue;
        await this.#revert(why);
        this.#cli.exitCode = exitCodes.failed;
        return this.#report('reverted', why);
      }
      if (stop.aborted) return await this.#interrupted();
      await this.#route.confirm();
    } catch (thrown) {
      throw this.#told(thrown);
    }
    this.#report('done');
  }

  async #interrupted(): Promise<void> {
    const why = 'it was told to stop';
    this.#cli.exitCode = exitCodes.degraded;
    if (this.#plan.onInterrupt === 'keep') {
      await this.#route.confirm();
      return this.#report('interrupted', why);
    }
    await this.#revert(why);
    this.#report('reverted', why);
  }

  /** Why a guard is broken; undefined once the time is over, or it is told to stop. */
  async #watch(since: number, stop: AbortSignal): Promise<string | undefined> {
    const { guards, holdMs, to } = this.#plan;
    const until = since + holdMs;
    while (!stop.aborted) {
      await rest(Math.min(lookMs, until - Date.now()), stop);
      const why = brokenGuard(guards, await this.#figures(stop), to.service, since);
      if (why !== undefined) return why;
      if (Date.now() >= until) break;
    }
    return undefined;
  }

  /** No other share is tried before they could be looked at. */
  async #figures(stop: AbortSignal): Promise<TrafficAnswer> {
    const { to, holdMs } = this.#plan;
    const until = Date.now() + Math.min(holdMs, mostPatienceMs);
    for (let failures = 0; ; failures++) {
      try {
        return await this.#admin.get('/v1/traffic', { service: to.service });
      } catch (thrown) {
        const { code, message } = asIsthmusError(thrown);
        if (!passing.has(code) || stop.aborted || Date.now() >= until) throw thrown;
        if (failures === 0) this.#cli.note(printable(`${message}: asked again`));
        await rest(Math.min(lookMs, until - Date.now()), stop);
      }
    }
  }

  async #revert(why: string): Promise<void> {
    try {
      await this.#route.revert();
    } catch (thrown) {
      const { code, message, where, fix } = asIsthmusError(thrown);
      const what = `${why}, and it could not be taken back: ${message}`;
      throw new IsthmusError(code, { what, where, fix, cause: thrown });
    }
  }

  /** An error, with what it leaves. */
  #told(thrown: unknown): IsthmusError {
    const { code, message, where, fix } = asIsthmusError(thrown);
    const isOthers = code === 'PRECONDITION_FAILED';
    return new IsthmusError(code, {
      what: `${message}${isOthers ? ' and is left so' : `. ${this.#route.state}`}`,
      where,
      fix: isOthers
        ? `Look at it with \`isthmus describe route ${this.#route.name}\`; then repeat the command, or delete it.`
        : fix,
      cause: thrown,
    });
  }

  #report(outcome: Report['outcome'], why?: string): void {
    const { service, holdMs, to } = this.#plan;
    const { percent, state, name: route } = this.#route;
    const report: Report = { service, route, outcome, percent, ...(why && { why }) };
    const how = {
      done: `done: each share was held for ${writtenDuration(holdMs)}. ${state}`,
      reverted: `reverted: ${why}. ${percent} % of ${service} go to ${targetText(to)}, as before`,
      interrupted: `interrupted: ${why}. ${state}`,
    };
    this.#cli.print(report, () => printable(how[outcome]));
  }
}

async function rest(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(Math.max(1, ms), undefined, { signal: stop }).catch(() => undefined);
}
