/** Owns `isthmus shift`: requests led to another version little by little, and back by themselves where a guard is broken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { writtenDuration } from '../../core/duration.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import { type ServiceName, serviceParts } from '../../core/names.ts';
import type { Items, PolicyItem, TrafficAnswer } from '../../gateway/control/api/answers.ts';
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
  routeWith,
  type ShiftTarget,
  stepsIn,
  targetIn,
} from '../shift-plan.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

interface Options {
  readonly to: string;
  readonly stable?: string;
  readonly steps: string;
  readonly hold: string;
  readonly guard: string;
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
      const shift = new Shift(cli, admin, { service, stable, to, guards, holdMs });
      await shift.run(steps, toldToStop());
    });
}

interface Plan {
  readonly service: ServiceName;
  readonly stable: ShiftTarget;
  readonly to: ShiftTarget;
  readonly guards: Guards;
  readonly holdMs: number;
}

type RouteItem = PolicyItem & {
  readonly parentRefs: readonly {
    readonly kind?: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  readonly rules: readonly { readonly backendRefs?: readonly { readonly weight?: number }[] }[];
};

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

class Shift {
  readonly #cli: Cli;
  readonly #admin: AdminClient;
  readonly #plan: Plan;
  /** `namespace/name` of the Route, which is of this command alone. */
  readonly #route: string;
  #etag: string | undefined;
  /** What went there before, where a shift was begun and not ended. */
  #before: number | undefined;
  #percent = 0;

  constructor(cli: Cli, admin: AdminClient, plan: Plan) {
    this.#cli = cli;
    this.#admin = admin;
    this.#plan = plan;
    const { namespace, service } = serviceParts(plan.service);
    this.#route = `${namespace}/shift-${service}`.slice(0, namespace.length + 1 + 63);
  }

  get #path(): string {
    return `/v1/routes/${this.#route}`;
  }

  async run(steps: readonly number[], stop: AbortSignal): Promise<void> {
    await this.#find();
    try {
      for (const percent of steps.filter((one) => one > this.#percent)) {
        const since = Date.now();
        await this.#write(percent);
        const why = await this.#watch(since, stop);
        if (why !== undefined) {
          await this.#revert();
          this.#cli.exitCode = exitCodes.failed;
          this.#report('reverted', why);
          return;
        }
        if (stop.aborted) {
          this.#cli.exitCode = exitCodes.degraded;
          this.#report('interrupted', 'it was told to stop');
          return;
        }
      }
    } catch (thrown) {
      const { code, message, where, fix } = asIsthmusError(thrown);
      throw new IsthmusError(code, {
        what: `${message}. ${this.#state()}`,
        where,
        fix,
        cause: thrown,
      });
    }
    this.#report('done');
  }

  /** Finds where a shift that was not ended has come to. Throws USAGE where other Routes lead the service's requests. */
  async #find(): Promise<void> {
    const { service } = this.#plan;
    let next: string | undefined;
    do {
      const page: Items<RouteItem> = await this.#admin.get('/v1/routes', { cursor: next });
      next = page.next;
      for (const item of page.items) this.#look(item);
    } while (next !== undefined);
    if (this.#before === undefined) return;
    const { etag, value } = await this.#admin.getTagged<RouteItem>(this.#path);
    this.#etag = etag;
    this.#percent = value.rules[0]?.backendRefs?.[1]?.weight ?? 0;
    this.#before = this.#percent;
    this.#cli.note(printable(`goes on from ${this.#percent} % of ${service}`));
  }

  #look(item: RouteItem): void {
    const at = `${item.namespace}/${item.name}`;
    const { service, namespace } = serviceParts(this.#plan.service);
    const isFor = item.parentRefs.some(
      (parent) =>
        parent.kind === 'Service' &&
        parent.name === service &&
        (parent.namespace ?? item.namespace) === namespace,
    );
    if (at === this.#route) this.#before = 0;
    else if (isFor) {
      throw new IsthmusError('USAGE', {
        what: `The Route ${at} leads requests for ${this.#plan.service} already, and comes first`,
        fix: 'Change the weights there, or delete it.',
      });
    }
  }

  async #write(percent: number): Promise<void> {
    const { service, stable, to } = this.#plan;
    await this.#put(routeWith(service, stable, to, percent));
    this.#percent = percent;
    this.#cli.note(printable(`${percent} % of ${service} go to ${this.#target}`));
  }

  async #put(body: object): Promise<void> {
    const conditions = this.#etag ? { 'if-match': this.#etag } : { 'if-none-match': '*' };
    const { etag } = await this.#admin.sendTagged('PUT', this.#path, body, conditions);
    this.#etag = etag ?? (await this.#admin.getTagged(this.#path)).etag;
  }

  /** Why a guard is broken; undefined once the time is over, or it is told to stop. */
  async #watch(since: number, stop: AbortSignal): Promise<string | undefined> {
    const { guards, holdMs, to } = this.#plan;
    const until = since + holdMs;
    while (Date.now() < until && !stop.aborted) {
      const ms = Math.min(lookMs, Math.max(1, until - Date.now()));
      await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
      const query = { service: to.service };
      const traffic = await this.#admin.get<TrafficAnswer>('/v1/traffic', query);
      const why = brokenGuard(guards, traffic, to.service, since);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  /** As it was before. */
  async #revert(): Promise<void> {
    const { service, stable, to } = this.#plan;
    if (this.#before !== undefined) await this.#put(routeWith(service, stable, to, this.#before));
    else await this.#admin.send('DELETE', this.#path, undefined, { 'if-match': this.#etag ?? '*' });
    this.#percent = this.#before ?? 0;
  }

  get #target(): string {
    const { service, subset = {} } = this.#plan.to;
    const labels = Object.entries(subset).map(([label, value]) => `${label}=${value}`);
    return [service, ...labels].join(' ');
  }

  /** What it leaves, and what to do. */
  #state(): string {
    if (this.#etag === undefined) return 'Nothing was changed';
    return `${this.#percent} % of ${this.#plan.service} go to ${this.#target}, by the Route ${this.#route}. Go on by the same command; undo it by: isthmus delete Route ${this.#route}`;
  }

  #report(outcome: Report['outcome'], why?: string): void {
    const { service, holdMs } = this.#plan;
    const percent = this.#percent;
    const report: Report = { service, route: this.#route, outcome, percent, ...(why && { why }) };
    const how = {
      done: `done: each share was held for ${writtenDuration(holdMs)}. ${this.#state()}`,
      reverted: `reverted: ${why}. ${percent} % of ${service} go to ${this.#target}, as before`,
      interrupted: `interrupted: ${why}. ${this.#state()}`,
    };
    this.#cli.print(report, () => printable(how[outcome]));
  }
}
