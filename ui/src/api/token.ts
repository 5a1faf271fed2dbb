/** Owns the bearer token that a gateway on a network asks for; it stays in this tab and ends with it. */
import { signal } from '@preact/signals';
import type { Problem } from './problem.ts';

const key = 'isthmus.token';

export const token = signal<string | undefined>(sessionStorage.getItem(key) ?? undefined);
/** Whether the gateway wants to know who asks, and why not by the token there was. */
export const signInWanted = signal<{ readonly why?: Problem } | undefined>(undefined);

export function wantSignIn(problem: Problem): void {
  // Without a token nothing was wrong with it.
  signInWanted.value = token.peek() === undefined ? {} : { why: problem };
}

export function signIn(text: string): void {
  sessionStorage.setItem(key, text);
  token.value = text;
  signInWanted.value = undefined;
}

export function signOut(): void {
  sessionStorage.removeItem(key);
  token.value = undefined;
}

/** By `bearer`, default the token that was signed in with, if any. */
export function authorization(bearer = token.value): Record<string, string> {
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}
