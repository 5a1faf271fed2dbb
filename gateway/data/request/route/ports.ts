/** Owns which port of a service a request or a rule means. */
import type { BackendTarget } from '../../../../policy/route/rule.ts';
import type { Protocol } from '../../../../registry/model.ts';

/** The named ports that anybody has, by name. */
export type KnownPorts = ReadonlyMap<
  string,
  {
    /** Absent where it differs from endpoint to endpoint of another cluster. */
    readonly port: number | undefined;
    readonly protocol: Protocol;
  }
>;

/** A service, whole or in part, with its port by name: absent, the one without. */
export interface PartTarget extends Omit<BackendTarget, 'port'> {
  readonly port?: string | undefined;
}

const asked = new WeakMap<BackendTarget, Map<string, BackendTarget>>();

/** The port that a request asks for, where a rule names none. Of the same two it is always the same object. */
export function atAskedPort(target: BackendTarget, port: string | undefined): BackendTarget {
  if (port === undefined || target.port !== undefined) return target;
  return asked
    .getOrInsertComputed(target, () => new Map())
    .getOrInsertComputed(port, () => ({ ...target, port }));
}

const numbered = new WeakMap<BackendTarget, { ports: KnownPorts | undefined; part: PartTarget }>();

/** By name: a number means the port that is registered with it, and where there is none the one without a name. Likewise the same object. */
export function byPortName(target: BackendTarget, ports: KnownPorts | undefined): PartTarget {
  const { port, ...rest } = target;
  if (typeof port !== 'number') return target as PartTarget;
  const known = numbered.get(target);
  if (known !== undefined && known.ports === ports) return known.part;
  const name = [...(ports ?? [])].find(([, one]) => one.port === port)?.[0];
  const part = name === undefined ? rest : { ...rest, port: name };
  numbered.set(target, { ports, part });
  return part;
}
