/** Owns the tags of what the admin API answers, by which conditions of a change are judged (RFC 9110, section 8.8.3). */
import { createHash } from 'node:crypto';

/** Fields of an answer that become others by themselves: see `Operation.derived`. */
type Derived = readonly string[] | undefined;

/** The tag of an answer that is sent as `text`. Where fields are derived it has two parts: of the lasting fields, and after a dot of all. */
export function tagOf(derived: Derived, answer: unknown, text: string): string {
  if (derived === undefined) return `"${digestOf(text)}"`;
  return `${lastingTag(derived, answer).slice(0, -1)}.${digestOf(text)}"`;
}

/** The tag by which a condition is judged. */
export function lastingTag(derived: Derived, answer: unknown): string {
  const fields = Object.entries(answer as object).filter(([name]) => !derived?.includes(name));
  return `"${digestOf(JSON.stringify(Object.fromEntries(fields)))}"`;
}

/** The tags of a condition without what is after their dots. */
export function lasting(header: string): string {
  return header.replaceAll(/\.[^",]*"/g, '"');
}

export function names(header: string, tag: string): boolean {
  return header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
