/** Owns the field names known by heart: a number for each, found without making a string. */

/** The fields this codec itself reads, and their numbers. */
export const fieldId = {
  unknown: 0,
  host: 1,
  connection: 2,
  'content-length': 3,
  'transfer-encoding': 4,
  expect: 5,
  upgrade: 6,
} as const;

/** Well-known names in lower case by their number; 0 stands for every other. */
export const wellKnownNames: readonly string[] = asKeys([
  ...Object.keys(fieldId),
  ...'via te trailer keep-alive proxy-connection proxy-authenticate proxy-authorization'.split(' '),
  ...'http2-settings forwarded x-forwarded-for x-forwarded-host x-forwarded-proto'.split(' '),
  ...'x-forwarded-port x-forwarded-client-cert x-real-ip x-request-id traceparent'.split(' '),
  ...'tracestate baggage accept accept-charset accept-encoding accept-language'.split(' '),
  ...'accept-ranges access-control-allow-origin access-control-request-method age allow'.split(' '),
  ...'authorization cache-control content-disposition content-encoding content-language'.split(' '),
  ...'content-location content-range content-security-policy content-type cookie date'.split(' '),
  ...'etag expires from if-match if-modified-since if-none-match if-range'.split(' '),
  ...'if-unmodified-since last-modified link location max-forwards origin pragma'.split(' '),
  ...'priority range referer retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site'.split(' '),
  ...'server set-cookie strict-transport-security user-agent vary warning'.split(' '),
  ...'www-authenticate x-content-type-options grpc-status grpc-message'.split(' '),
  ...'x-isthmus-service x-isthmus-cluster x-isthmus-endpoint x-isthmus-refused'.split(' '),
  ...'x-isthmus-failed x-isthmus-subset x-isthmus-session x-isthmus-foreign grpc-timeout'.split(
    ' ',
  ),
  ...'grpc-encoding grpc-accept-encoding'.split(' '),
]);

/** The same names in the form that the engine has of constants: two of them are compared at a glance. */
function asKeys(names: readonly string[]): readonly string[] {
  return Object.keys(Object.fromEntries(names.map((name) => [name, name])));
}

/** A chained hash table: the first number of each slot, and after each number the next of its slot. */
const firstOfSlot = new Uint8Array(256);
const nextOfSlot = new Uint8Array(wellKnownNames.length);
const spellings = wellKnownNames.map((name) => Buffer.from(name, 'latin1'));

/** Letters differ from their other case in bit 5 only; no other `tchar` becomes a letter, digit or `-` by setting it. */
const toLower = 0x20;

function slotOf(octets: Buffer, start: number, end: number): number {
  return slotFor(end - start, octets[start] as number, octets[end - 1] as number);
}

function slotFor(length: number, first: number, last: number): number {
  return (length * 37 + (first | toLower) * 11 + (last | toLower) * 5) & 0xff;
}

for (let id = 1; id < wellKnownNames.length; id++) {
  const spelling = spellings[id] as Buffer;
  const slot = slotOf(spelling, 0, spelling.length);
  nextOfSlot[id] = firstOfSlot[slot] as number;
  firstOfSlot[slot] = id;
}

/** The number of the name that `octets` hold from `start` to `end` in any case: a token, so at least one octet. */
export function findFieldId(octets: Buffer, start: number, end: number): number {
  let id = firstOfSlot[slotOf(octets, start, end)] as number;
  while (id !== fieldId.unknown && !isSpelled(spellings[id] as Buffer, octets, start, end)) {
    id = nextOfSlot[id] as number;
  }
  return id;
}

/** The number of a name in lower case. Asked several times a request: a `Map` would take four times as long. */
export function idOfName(name: string): number {
  const { length } = name;
  if (length === 0) return fieldId.unknown;
  let id = firstOfSlot[slotFor(length, name.charCodeAt(0), name.charCodeAt(length - 1))] as number;
  while (id !== fieldId.unknown && wellKnownNames[id] !== name) id = nextOfSlot[id] as number;
  return id;
}

function isSpelled(spelling: Buffer, octets: Buffer, start: number, end: number): boolean {
  if (spelling.length !== end - start) return false;
  for (let i = 0, at = start; at < end; i++, at++) {
    if (((octets[at] as number) | toLower) !== spelling[i]) return false;
  }
  return true;
}
