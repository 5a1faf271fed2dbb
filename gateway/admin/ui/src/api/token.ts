/** Owns the bearer token that a gateway on a network asks for; it stays in this tab and ends with it. */
import { signal } from '@preact/signals';

const key = 'isthmus.token';

export const token = signal<string | undefined>(sessionStorage.getItem(key) ?? undefined);
/** True once the gateway said that it wants to know who asks. */
export const signInWanted = signal(false);

export function signIn(text: string): void {
  sessionStorage.setItem(key, text);
  token.value = text;
  signInWanted.value = false;
}

export function signOut(): void {
  sessionStorage.removeItem(key);
  token.value = undefined;
}

export function authorization(): Record<string, string> {
  return token.value === undefined ? {} : { authorization: `Bearer ${token.value}` };
}
