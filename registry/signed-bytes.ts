/** Owns the bytes that prove a record: what of it is signed, and in which order it is written for that. */

/** Left out of what is signed: the proof itself, and another cluster's word about this one, which has its own proof. */
const unsignedFields = new Set(['signature', 'admission']);

/**
 * JSON with the keys of every object in order of their UTF-16 code units and no white space (as RFC 8785 orders
 * them), so that two writers of the same value write the same bytes. `undefined` is left out, as JSON does.
 */
export function canonicalJson(value: unknown): string {
  return encode(JSON.parse(JSON.stringify(value)));
}

/** The bytes that prove a record: its key, so that it can't be moved to another, and its content. */
export function signedBytes(key: string, record: object): Uint8Array {
  const content = Object.entries(JSON.parse(JSON.stringify(record))).filter(
    ([name]) => !unsignedFields.has(name),
  );
  return new TextEncoder().encode(`${key}\n${encodeEntries(content)}`);
}

function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  if (value !== null && typeof value === 'object') return encodeEntries(Object.entries(value));
  return JSON.stringify(value);
}

function encodeEntries(entries: [string, unknown][]): string {
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${encode(value)}`).join(',')}}`;
}
