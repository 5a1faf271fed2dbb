/**
 * Owns the sessions that rules of Routes keep: what a client brings back of one, and how long that holds. Its value names the backend that
 * was drawn, when the session began and was last used, and the endpoint: `<backend>.<began>.<used>.<token>`.
 */
import type { AffinityPolicy } from '../../../../policy/traffic/affinity.ts';

export interface Session {
  /** The mark of the backend. */
  readonly backend: string;
  /** Whole seconds of the wall clock. */
  readonly began: number;
  readonly used: number;
  /** The token of its endpoint; undefined where it is new. */
  readonly token: string | undefined;
}

const form = /^([\w-]{8})\.([0-9a-z]{1,8})\.([0-9a-z]{1,8})\.([\w-]{1,32}\.[\w-]{0,32})$/;

/**
 * The session that a value says; undefined where it says none, or one that is over at `now`, in wall milliseconds. One from the future, by
 * another gateway's clock, has just begun.
 */
export function sessionIn(
  value: string | undefined,
  { absoluteMs, idleMs }: NonNullable<AffinityPolicy['session']>,
  now: number,
): Session | undefined {
  const [, backend, began, used, token] = (value !== undefined && form.exec(value)) || [];
  if (backend === undefined || began === undefined || used === undefined) return undefined;
  const session = { backend, token, began: parseInt(began, 36), used: parseInt(used, 36) };
  const isOver = (since: number, ms: number) => ms > 0 && now - since * 1000 >= ms;
  if (isOver(session.began, absoluteMs) || isOver(session.used, idleMs)) return undefined;
  return session;
}

/** The mark where a rule names no backends. */
export const noBackend = '--------';

/** A session that begins. */
export function newSession(backend: string, now: number): Session {
  const second = Math.floor(now / 1000);
  return { backend, began: second, used: second, token: undefined };
}

export function sessionValue({ backend, began, used }: Session, token: string): string {
  return `${backend}.${began.toString(36)}.${used.toString(36)}.${token}`;
}
