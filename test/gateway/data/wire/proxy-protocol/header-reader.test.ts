/** Specifies which PROXY protocol headers are read, whom they name, and what of them is refused. */
import test from 'ava';
import fc from 'fast-check';
import { crc32c } from '../../../../../gateway/data/wire/proxy-protocol/crc32c.ts';
import {
  type HeaderStep,
  ProxyHeaderReader,
} from '../../../../../gateway/data/wire/proxy-protocol/header-reader.ts';
import { addresses4, addresses6, extension, version2 } from './headers.ts';

const request = Buffer.from('GET / HTTP/1.1\r\n\r\n');

function stepOf(octets: Uint8Array): HeaderStep {
  return new ProxyHeaderReader().read(Buffer.from(octets));
}

/** Whom a header names that is followed by a request, or why it is refused. */
function told(header: string | Buffer): unknown {
  const octets = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
  const step = stepOf(Buffer.concat([octets, request]));
  if (step.kind !== 'whole') return step;
  return step.whole.behind.equals(request) ? step.whole.client : 'the request is not behind it';
}

/** From 127.0.0.2, with its sum. */
const summed = Buffer.from(
  '0d0a0d0a000d0a515549540a 21 11 0013 7f000002 7f000001 d2f2 1f90 03 0004 00000000'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);
summed.writeUInt32BE(crc32c(summed), summed.length - 4);
const twisted = Buffer.from(summed);
twisted[16] = 10;

for (const [what, header, client] of [
  ['TCP4', 'PROXY TCP4 203.0.113.9 192.0.2.1 51000 443\r\n', '203.0.113.9'],
  ['TCP6', 'PROXY TCP6 2001:DB8:0::9 ::1 0 65535\r\n', '2001:db8::9'],
  [
    'the longest TCP6',
    `PROXY TCP6 ${`${'ffff:'.repeat(7)}ffff `.repeat(2)}65535 65535\r\n`,
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ],
  ['IPv4 in IPv6', 'PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n', '203.0.113.9'],
  ['UNKNOWN', 'PROXY UNKNOWN\r\n', undefined],
  [
    'UNKNOWN with more',
    `PROXY UNKNOWN ${`${'ffff:'.repeat(7)}ffff `.repeat(2)}65535 65535\r\n`,
    undefined,
  ],
  ['version 2, IPv4', version2(addresses4), '203.0.113.9'],
  ['version 2, IPv6', version2(addresses6, { family: 0x21 }), '2001:db8::9'],
  [
    'version 2, extensions',
    version2(
      Buffer.concat([addresses4, extension(2, 'web'), extension(0xea, ''), extension(4, 'pad')]),
    ),
    '203.0.113.9',
  ],
  ['version 2, its sum', summed, '127.0.0.2'],
  ['version 2, UNIX', version2(Buffer.alloc(216, 'x'), { family: 0x31 }), undefined],
  ['version 2, no family', version2(Buffer.from('anything'), { family: 0 }), undefined],
  ['version 2, LOCAL', version2(Buffer.alloc(0), { command: 0x20, family: 0 }), undefined],
  ['version 2, LOCAL with addresses', version2(addresses4, { command: 0x20 }), undefined],
  [
    'version 2, LOCAL with nonsense',
    version2(Buffer.from('x'), { command: 0x20, family: 0xff }),
    undefined,
  ],
] as const) {
  test(`${what} is read`, (t) => t.is(told(header as string | Buffer), client));
}

for (const [what, header, why] of [
  ['no header', '', /no PROXY header/],
  ['one in lower case', 'proxy TCP4 203.0.113.9 192.0.2.1 1 2\r\n', /no PROXY header/],
  ['another family', 'PROXY UDP4 203.0.113.9 192.0.2.1 1 2\r\n', /malformed/],
  ['a name', 'PROXY TCP4 evil.example 192.0.2.1 1 2\r\n', /IPv4/],
  ['an address of the other family', 'PROXY TCP4 ::1 192.0.2.1 1 2\r\n', /IPv4/],
  ['leading zeros', 'PROXY TCP4 203.0.113.09 192.0.2.1 1 2\r\n', /IPv4/],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n', /IPv6/],
  ['a destination that is none', 'PROXY TCP4 203.0.113.9 x 1 2\r\n', /IPv4/],
  ['a port too large', 'PROXY TCP4 203.0.113.9 192.0.2.1 65536 2\r\n', /port/],
  ['a port with a zero before it', 'PROXY TCP4 203.0.113.9 192.0.2.1 01 2\r\n', /port/],
  ['two spaces', 'PROXY TCP4  203.0.113.9 192.0.2.1 1 2\r\n', /malformed/],
  ['a space at the end', 'PROXY TCP4 203.0.113.9 192.0.2.1 1 2 \r\n', /malformed/],
  ['a line that ends in LF', 'PROXY TCP4 203.0.113.9 192.0.2.1 1 2\nX: y\r\n', /port|malformed/],
  ['UNKNOWN and something', 'PROXY UNKNOWNS\r\n', /malformed/],
  ['a line without end', `PROXY UNKNOWN ${'x'.repeat(100)}`, /longer than 107/],
  [
    'version 1 in the binary form',
    version2(addresses4, { command: 0x11 }),
    /version and command 0x11/,
  ],
  ['an unknown command', version2(addresses4, { command: 0x22 }), /version and command 0x22/],
  ['an unknown family', version2(addresses4, { family: 0x41 }), /family 0x41/],
  ['a family without a transport', version2(addresses4, { family: 0x10 }), /family 0x10/],
  ['datagrams', version2(addresses4, { family: 0x12 }), /datagrams/],
  ['no room for addresses', version2(addresses4.subarray(1)), /no room/],
  ['no room for those of IPv6', version2(addresses4, { family: 0x21 }), /no room/],
  [
    'an extension beyond the end',
    version2(Buffer.concat([addresses4, Buffer.from('040009ff', 'hex')])),
    /beyond/,
  ],
  [
    'half an extension',
    version2(Buffer.concat([addresses4, Buffer.from('0400', 'hex')])),
    /beyond/,
  ],
  ['a sum that is wrong', twisted, /checksum/],
  ['a sum of another size', version2(Buffer.concat([addresses4, extension(3, 'abc')])), /checksum/],
  ['one that is too long', version2(addresses4, { length: 0xffff }), /longer than 16384/],
] as const) {
  test(`security: ${what}, instead of a header, is refused`, (t) => {
    const step = told(header as string | Buffer) as { kind: string; what: string };
    t.is(step.kind, 'refused');
    t.regex(step.what, why);
  });
}

test('the sum is the CRC-32C of RFC 9260 and RFC 3720', (t) => {
  t.is(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.is(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  t.is(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345'))), 0xe3069283);
});

const v4 = fc.ipV4();
const port = fc.integer({ min: 0, max: 65_535 });
const text = fc
  .tuple(v4, v4, port, port)
  .map(([from, to, ...ports]) => Buffer.from(`PROXY TCP4 ${from} ${to} ${ports.join(' ')}\r\n`));
const binary = fc
  .tuple(
    fc.constantFrom(addresses4, addresses6),
    fc.array(fc.tuple(fc.integer({ min: 4, max: 255 }), fc.uint8Array({ maxLength: 40 }))),
  )
  .map(([addresses, extensions]) => {
    const family = addresses === addresses4 ? 0x11 : 0x21;
    const more = extensions.map(([type, value]) => extension(type, value));
    return version2(Buffer.concat([addresses, ...more]), { family });
  });
const valid = fc.oneof(text, binary);

/** What a reader says in the end of octets that come one by one, and where. */
function dripped(octets: Buffer): readonly [HeaderStep, at: number] {
  const reader = new ProxyHeaderReader();
  for (let at = 0; at < octets.length; at++) {
    const step = reader.read(octets.subarray(at, at + 1));
    if (step.kind !== 'more') return [step, at + 1];
  }
  return [{ kind: 'more' }, octets.length];
}

test('a header is waited for to its last octet, and no further', (t) => {
  fc.assert(
    fc.property(valid, fc.uint8Array({ maxLength: 60 }), (header, behind) => {
      const whole = stepOf(Buffer.concat([header, behind]));
      const [step, at] = dripped(Buffer.concat([header, behind]));
      if (whole.kind !== 'whole' || step.kind !== 'whole') throw new Error('it is not read');
      t.is(at, header.length);
      t.deepEqual(whole.whole.behind, Buffer.from(behind));
      t.is(step.whole.client, whole.whole.client);
    }),
    { numRuns: 200 },
  );
});

const damaged = fc.oneof(
  fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 4 }))))
    .map(([header, edits]) =>
      edits.reduce((was, [at, length, instead]) => {
        const from = at % (was.length + 1);
        return Buffer.concat([was.subarray(0, from), instead, was.subarray(from + length)]);
      }, header),
    ),
  fc.uint8Array({ maxLength: 300 }).map((octets) => version2(Buffer.from(octets))),
  fc.string({ maxLength: 150 }).map((line) => Buffer.from(`PROXY ${line}\r\n`)),
);

test('no input makes it throw, and however it is cut it says the same', (t) => {
  fc.assert(
    fc.property(damaged, (octets) => {
      const whole = stepOf(octets);
      const [step] = dripped(octets);
      if (whole.kind === 'whole' && step.kind === 'whole')
        t.is(step.whole.client, whole.whole.client);
      else t.deepEqual(step, whole);
    }),
    { numRuns: 1_000 },
  );
});
