/** Owns the pure parts of a shift: what it is asked for, the Route that has a weight in it, and whether a guard is broken. */
import { isDeepStrictEqual } from 'node:util';
import { durationSchema } from '../core/duration.ts';
import { IsthmusError } from '../core/errors.ts';
import { parseServiceName, type ServiceName, serviceName, serviceParts } from '../core/names.ts';
import { fewestRequests, isBroken } from '../federation/drills/guardrails.ts';
import type { TrafficAnswer } from '../gateway/control/api/answers.ts';

function misuse(what: string, fix: string): IsthmusError {
  return new IsthmusError('USAGE', { what, fix });
}

/** Percents, rising. Throws USAGE. */
export function stepsIn(text: string): readonly number[] {
  const steps = text.split(',').map(Number);
  const isRising = steps.every((step, i) => step > (steps[i - 1] ?? 0));
  if (isRising && steps.every((step) => Number.isInteger(step) && step <= 100)) return steps;
  throw misuse(`${JSON.stringify(text)} are no steps`, 'Use rising percents: 1,5,25,50,100.');
}

/** Milliseconds. Throws USAGE. */
export function holdIn(text: string): number {
  const { data, error } = durationSchema.safeParse(text);
  if (data !== undefined) return data;
  throw misuse(`--hold: ${error?.issues[0]?.message}`, 'Use a duration such as 2m.');
}

export interface Guards {
  /** Of 1. */
  readonly errorRate?: number;
  readonly p99Ms?: number;
}

/** `error<1%,p99<300ms`, either or both. Throws USAGE. */
export function guardsIn(text: string): Guards {
  const guards: { errorRate?: number; p99Ms?: number } = {};
  for (const part of text.split(',')) {
    const [, rate] = /^error<(\d+(?:\.\d+)?)%$/.exec(part) ?? [];
    const [, time] = /^p99<(.+)$/.exec(part) ?? [];
    const ms = time === undefined ? undefined : durationSchema.safeParse(time).data;
    if (rate !== undefined) guards.errorRate = Number(rate) / 100;
    else if (ms !== undefined) guards.p99Ms = ms;
    else throw misuse(`${JSON.stringify(part)} is no guard`, "Use --guard 'error<1%,p99<300ms'.");
  }
  return guards;
}

/** A service, or its endpoints that have a label. */
export interface ShiftTarget {
  readonly service: ServiceName;
  readonly subset?: Readonly<Record<string, string>>;
}

/** `LABEL=VALUE` of `service`, or a service, of its namespace where it names none. Throws NAME_INVALID. */
export function targetIn(text: string, service: ServiceName): ShiftTarget {
  const at = text.indexOf('=');
  if (at > 0) return { service, subset: { [text.slice(0, at)]: text.slice(at + 1) } };
  const { namespace } = serviceParts(service);
  return { service: parseServiceName(text.includes('.') ? text : `${text}.${namespace}`) };
}

/** The Route that sends `percent` of the requests for a service to the target. */
export function routeWith(
  service: ServiceName,
  stable: ShiftTarget,
  to: ShiftTarget,
  percent: number,
) {
  const backends = [
    { ...backendOf(stable), weight: 100 - percent },
    { ...backendOf(to), weight: percent },
  ];
  const { service: name } = serviceParts(service);
  return { parentRefs: [{ kind: 'Service', name }], rules: [{ backendRefs: backends }] };
}

/** `orders.shop version=v2` */
export function targetText({ service, subset = {} }: ShiftTarget): string {
  return [service, ...Object.entries(subset).map(([label, value]) => `${label}=${value}`)].join(
    ' ',
  );
}

/** Rules of a Route as the gateway answers them. */
export type WrittenRules = readonly {
  readonly matches?: readonly unknown[];
  readonly backendRefs?: readonly WrittenBackend[];
}[];

interface WrittenBackend {
  readonly name: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly subset?: Readonly<Record<string, string>>;
  readonly weight?: number;
}

interface Share {
  readonly target: ShiftTarget;
  readonly weight: number;
}

/** Where a Route of `namespace` leads, in percent; undefined where it is none that a shift writes. */
export function sharesIn(rules: WrittenRules, namespace: string): readonly Share[] | undefined {
  const [{ backendRefs = [] } = {}] = rules;
  const shares = backendRefs.map(({ name, subset, weight = 1, ...more }) => ({
    target: { service: serviceName(more.namespace ?? namespace, name), ...(subset && { subset }) },
    weight,
  }));
  const isWhole = shares.reduce((sum, { weight }) => sum + weight, 0) === 100;
  return isWhole && rules.length === 1 && backendRefs.every((one) => !one.cluster)
    ? shares
    : undefined;
}

/** Percent that goes to `to`; undefined where requests go elsewhere than there and to `stable`. */
export function shareOf(
  shares: readonly Share[] | undefined,
  stable: ShiftTarget,
  to: ShiftTarget,
): number | undefined {
  const others = shares?.filter(
    ({ target, weight }) =>
      weight > 0 && !isDeepStrictEqual(target, stable) && !isDeepStrictEqual(target, to),
  );
  if (shares === undefined || others?.length !== 0) return undefined;
  return shares.find(({ target }) => isDeepStrictEqual(target, to))?.weight ?? 0;
}

function backendOf({ service, subset }: ShiftTarget) {
  const { service: name, namespace } = serviceParts(service);
  return { name, namespace, ...(subset && { subset }) };
}

/** Which guard is broken by what was counted of a service since `since`, wall milliseconds; undefined: none. */
export function brokenGuard(
  guards: Guards,
  traffic: TrafficAnswer,
  service: ServiceName,
  since: number,
): string | undefined {
  const { at, items, stepSeconds } = traffic;
  const item = items.find((one) => one.service === service);
  if (item === undefined) return undefined;
  const count = Math.floor((at - since) / (stepSeconds * 1000));
  if (count <= 0) return undefined;
  const sum = (rates: readonly number[]) =>
    rates.slice(-count).reduce((total, rate) => total + rate * stepSeconds, 0);
  const requests = sum(item.requests);
  const failed = sum(item.errors);
  const share = failed / Math.max(requests, fewestRequests);
  const p99 = Math.max(0, ...item.p99Ms.slice(-count).map((ms) => ms ?? 0));
  if (guards.errorRate !== undefined && isBroken('errorRate', share, guards.errorRate)) {
    return `${Math.round(failed)} of ${Math.round(requests)} requests fail; ${guards.errorRate * 100} % may`;
  }
  if (guards.p99Ms !== undefined && isBroken('p99', p99, guards.p99Ms)) {
    return `99 of 100 requests take up to ${Math.round(p99)} ms; ${guards.p99Ms} ms are allowed`;
  }
  return undefined;
}
