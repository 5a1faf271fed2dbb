/** Owns the user's name and role at the gateway that is looked at, and the acts that the role forbids. */
import { effect, signal } from '@preact/signals';
import type { Session } from '../../../gateway/control/api/answers.ts';
import { allows, type Role } from '../../../gateway/control/roles.ts';
import { vantage } from '../live/vantage.ts';
import { call, home } from './client.ts';
import { type Problem, ProblemError, problemOf } from './problem.ts';
import { signIn, token } from './token.ts';

/** Undefined until the gateway has said so. */
export const session = signal<Session | undefined>(undefined);

/** Asks now, and whenever another gateway is looked at or another user signs in. Call once. */
export function followSession(): void {
  effect(() => {
    void [vantage.value, token.value];
    session.value = undefined;
    const aborter = new AbortController();
    call<Session>('/v1/session', { signal: aborter.signal }).then(
      (known) => {
        session.value = known;
      },
      (thrown: unknown) => {
        // What can't be reached or asks for a token says so elsewhere: here it is just not known.
        if (!aborter.signal.aborted && !(thrown instanceof ProblemError)) throw thrown;
      },
    );
    return () => aborter.abort();
  });
}

/** Why who looks may not do what takes `role`; undefined if he may, or that isn't known: then the gateway decides. */
export function whyNot(role: Role): string | undefined {
  const known = session.value;
  if (known === undefined || allows(known.role, role)) return undefined;
  const where = vantage.value === undefined ? '' : ` at ${vantage.value}`;
  return `Takes the role ${role}; you are ${known.role}${where}.`;
}

/** Signs in with a token that the gateway which served this page knows. Resolves to why it doesn't. */
export async function trySignIn(text: string): Promise<Problem | undefined> {
  try {
    await call<Session>('/v1/session', { at: home, bearer: text });
  } catch (thrown) {
    return problemOf(thrown);
  }
  signIn(text);
  return undefined;
}
