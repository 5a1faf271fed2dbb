/** Owns which rules are for a host that Routes have: of all that name it, exactly or by `*.`, the more specific first. */
import type { RequestHead } from '../../message/message.ts';
import { type Fit, type RouteResource, RuleSet } from './rule-set.ts';

/** The rules for one host, those of the more specific name before those of the less specific. */
interface HostRules {
  /** The Route that has the host by its most specific name. */
  readonly route: RouteResource;
  /** All that have it. */
  readonly routes: readonly RouteResource[];
  find(head: RequestHead): Fit | undefined;
}

/** The Routes that are for hosts at one listener. */
export class HostRuleTable {
  /** By the name as it is written; an empty one: any host. */
  readonly #routes = new Map<string, RouteResource[]>();
  readonly #sets = new Map<string, RuleSet>();

  /** Those of `routes` that are for the listener by that name. */
  constructor(routes: readonly RouteResource[], listener: string) {
    for (const route of routes) {
      if (!isAt(route, listener)) continue;
      const { hosts } = route.spec;
      for (const host of new Set(hosts.length === 0 ? [anyHost] : hosts)) {
        this.#routes.getOrInsertComputed(host, () => []).push(route);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#routes.size === 0;
  }

  /** `host`: in lower case, without a port. Undefined where no Route names it. `withAny`: those count that name no host. */
  find(host: string, withAny: boolean): HostRules | undefined {
    const names = namesFor(host).filter((name) => this.#routes.has(name));
    if (names.length === 0 && !withAny) return undefined;
    if (this.#routes.has(anyHost)) names.push(anyHost);
    const [route] = this.#routes.get(names[0] ?? '-') ?? [];
    if (route === undefined) return undefined;
    const sets = names.map((name) => this.#setOf(name));
    return {
      route,
      routes: names.flatMap((name) => this.#routes.get(name) ?? []),
      find(head) {
        for (const set of sets) {
          const fit = set.find(head);
          if (fit !== undefined) return fit;
        }
        return undefined;
      },
    };
  }

  #setOf(name: string): RuleSet {
    return this.#sets.getOrInsertComputed(name, () => new RuleSet(this.#routes.get(name) ?? []));
  }
}

const anyHost = '';

/** `outbound` is the listener for clients of the own cluster; all others are ingresses. */
function isAt({ spec: { listeners } }: RouteResource, listener: string): boolean {
  if (listeners === undefined || listeners.includes(listener)) return true;
  return listener !== 'outbound' && listeners.includes('ingress');
}

/** `a.b.c`, then `*.b.c` and `*.c`: a `*` stands for one label or more. */
function namesFor(host: string): string[] {
  const names = [host];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    names.push(`*${host.slice(dot)}`);
  }
  return names;
}
