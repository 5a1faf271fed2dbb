/** Owns the Route of a shift as a gateway has it: found where one was begun, given its shares, taken back; never in place of what somebody else wrote. */
import { isDeepStrictEqual } from 'node:util';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { type ServiceName, serviceParts } from '../core/names.ts';
import type { Items, PolicyItem, PolicyPlan } from '../gateway/control/api/answers.ts';
import type { AdminClient } from './admin-client.ts';
import { judged, pathOf } from './documents/gateway.ts';
import {
  routeWith,
  type ShiftTarget,
  shareOf,
  sharesIn,
  targetText,
  type WrittenRules,
} from './shift-plan.ts';

/** What is led where. */
export interface Leading {
  readonly service: ServiceName;
  readonly stable: ShiftTarget;
  readonly to: ShiftTarget;
}

interface RouteItem extends PolicyItem {
  readonly parentRefs: readonly {
    readonly kind?: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  readonly rules: WrittenRules;
}

/** What is there by this command. */
interface Written {
  readonly etag: string;
  readonly by: string;
  readonly at: number;
}

/** After these nobody knows whether what was asked for was done. */
const unclear: ReadonlySet<string> = new Set(['ADMIN_UNREACHABLE', 'TIMED_OUT']);

export class ShiftRoute {
  readonly #admin: AdminClient;
  readonly #leading: Leading;
  readonly #named: { readonly kind: 'Route'; readonly namespace: string; readonly name: string };
  #written: Written | undefined;
  /** Percent that went to the target before; undefined where there was no Route. */
  #before: number | undefined;
  #percent = 0;
  /** What was asked for, where no answer says whether it was done. */
  #asked: number | undefined;

  constructor(admin: AdminClient, leading: Leading) {
    const { namespace, service } = serviceParts(leading.service);
    this.#admin = admin;
    this.#leading = leading;
    this.#named = { kind: 'Route', namespace, name: `shift-${service}`.slice(0, 63) };
  }

  /** `namespace/name` */
  get name(): string {
    return `${this.#named.namespace}/${this.#named.name}`;
  }

  /** Percent that goes to the target. */
  get percent(): number {
    return this.#percent;
  }

  /**
   * Finds how far a shift has come that was not ended. Throws USAGE where another Route leads the service's requests, where this one
   * leads elsewhere, or where nobody would answer.
   */
  async find(): Promise<void> {
    const { service, stable, to } = this.#leading;
    if (isDeepStrictEqual(stable, to)) {
      throw misuse(`${targetText(to)} is where the rest stays, too`, 'Name another by --to.');
    }
    let next: string | undefined;
    do {
      const page: Items<RouteItem> = await this.#admin.get('/v1/routes', { cursor: next });
      next = page.next;
      for (const item of page.items) this.#look(item);
    } while (next !== undefined);
    const [planned] = (await this.#plan()).items;
    const [warning] = planned?.warnings ?? [];
    if (warning !== undefined) {
      throw misuse(warning, `Name what answers for ${service} as --to and --stable.`);
    }
    if (this.#before === undefined) return;
    const { etag, value } = await this.#admin.getTagged<RouteItem>(pathOf(this.#named));
    this.#written = { etag, by: value.by, at: value.at };
    this.#percent = this.#shareIn(value);
    this.#before = this.#percent;
  }

  /** Throws PRECONDITION_FAILED where somebody else has written or deleted it, and what the gateway says. */
  async write(percent: number): Promise<void> {
    const { service, stable, to } = this.#leading;
    const conditions = this.#written
      ? { 'if-match': this.#written.etag }
      : { 'if-none-match': '*' };
    const body = routeWith(service, stable, to, percent);
    await this.#change(percent, async () => {
      const path = pathOf(this.#named);
      const put = await this.#admin.sendTagged<RouteItem>('PUT', path, body, conditions);
      const { etag = '*', value } = put;
      this.#written = { etag, by: value.by, at: value.at };
    });
  }

  /** As it was before. Throws as `write` does. */
  async revert(): Promise<void> {
    if (this.#before !== undefined) return this.write(this.#before);
    if (this.#written === undefined) return;
    const conditions = { 'if-match': this.#written.etag };
    await this.#change(0, async () => {
      await this.#admin.send('DELETE', pathOf(this.#named), undefined, conditions);
      this.#written = undefined;
    });
  }

  /** Throws PRECONDITION_FAILED where it is not as it was written last by this command, and what the gateway says. */
  async confirm(): Promise<void> {
    const written = this.#written;
    if (written === undefined) return;
    await judged(this.#admin, this.#named, async () => {
      const { by, at } = await this.#admin.get<RouteItem>(pathOf(this.#named)).catch(gone);
      if (by === written.by && at === written.at) return;
      throw new IsthmusError('PRECONDITION_FAILED', { what: `It was written by ${by}` });
    });
  }

  /** What is left there, and what to do. */
  get state(): string {
    const { service, to } = this.#leading;
    if (this.#written === undefined && this.#asked === undefined) return 'Nothing was changed';
    const shares = [this.#percent, ...(this.#asked === undefined ? [] : [this.#asked])];
    const percents = shares.map((share) => `${share} %`).join(' or ');
    return `${percents} of ${service} go to ${targetText(to)}, by the Route ${this.name}. Go on by the same command; undo it by: isthmus delete Route ${this.name}`;
  }

  async #change(percent: number, change: () => Promise<void>): Promise<void> {
    try {
      await judged(this.#admin, this.#named, change);
      this.#percent = percent;
      this.#asked = undefined;
    } catch (thrown) {
      if (unclear.has(asIsthmusError(thrown).code)) this.#asked = percent;
      throw thrown;
    }
  }

  #look(item: RouteItem): void {
    const at = `${item.namespace}/${item.name}`;
    const { service, namespace } = serviceParts(this.#leading.service);
    const isFor = item.parentRefs.some(
      (parent) =>
        parent.kind === 'Service' &&
        parent.name === service &&
        (parent.namespace ?? item.namespace) === namespace,
    );
    if (at === this.name && isFor) this.#before = 0;
    else if (isFor) {
      throw misuse(
        `The Route ${at} leads requests for ${this.#leading.service} already, and comes first`,
        'Change the weights there, or delete it.',
      );
    } else if (at === this.name) {
      throw misuse(`The Route ${at} is for other requests`, 'Give it another name.');
    }
  }

  /** What the gateway says of the Route before there is any. */
  #plan(): Promise<PolicyPlan> {
    const { service, stable, to } = this.#leading;
    const spec = routeWith(service, stable, to, 1);
    return this.#admin.send('POST', '/v1/policies/plan', { documents: [{ ...this.#named, spec }] });
  }

  #shareIn({ rules, namespace }: RouteItem): number {
    const { stable, to } = this.#leading;
    const shares = sharesIn(rules, namespace);
    const share = shareOf(shares, stable, to);
    if (share !== undefined) return share;
    const now = shares?.filter(({ weight }) => weight > 0);
    const where = now?.map(({ target, weight }) => `${weight} % to ${targetText(target)}`);
    throw misuse(
      where === undefined
        ? `The Route ${this.name} is not as a shift writes it`
        : `The Route ${this.name} leads ${where.join(' and ')} already`,
      `Name that as --stable, or delete it: \`isthmus delete Route ${this.name}\`.`,
    );
  }
}

function gone(thrown: unknown): never {
  const error = asIsthmusError(thrown);
  if (error.code !== 'POLICY_NOT_FOUND') throw error;
  throw new IsthmusError('PRECONDITION_FAILED', { what: 'It was deleted', cause: error });
}

function misuse(what: string, fix: string): IsthmusError {
  return new IsthmusError('USAGE', { what, fix });
}
