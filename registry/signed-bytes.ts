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

/** The bytes that prove a record, which is plain JSON: its key, so that it can't be moved to another, and its content. */
export function signedBytes(key: string, record: object): Uint8Array {
  return utf8.encode(`${key}\n${encodeObject(record, unsignedFields)}`);
}

const utf8 = new TextEncoder();

function encode(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  if (value !== null && typeof value === 'object') return encodeObject(value);
  return JSON.stringify(value) ?? 'null';
}

function encodeObject(object: object, without?: ReadonlySet<string>): string {
  let text = '';
  for (const name of Object.keys(object).sort()) {
    const value: unknown = object[name as keyof typeof object];
    if (value === undefined || without?.has(name)) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${encode(value)}`;
  }
  return `{${text}}`;
}
