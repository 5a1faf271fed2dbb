/** Specifies decoding header blocks: the examples of RFC 7541 appendix C, what is an error, and what stays bounded. */
import test from 'ava';
import { HpackEncoder } from '../../../../../gateway/data/wire/hpack/encoder.ts';
import { decode, decoder, encode, hex } from './tables.ts';

interface Example {
  readonly block: string;
  readonly fields: readonly string[];
  readonly tableSize: number;
}

const get = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
const requestFields: readonly (readonly string[])[] = [
  get,
  [...get, 'cache-control', 'no-cache'],
  [
    ':method',
    'GET',
    ':scheme',
    'https',
    ':path',
    '/index.html',
    ':authority',
    'www.example.com',
    'custom-key',
    'custom-value',
  ],
];
const location = 'https://www.example.com';
const date = 'Mon, 21 Oct 2013 20:13:21 GMT';
const responseFields: readonly (readonly string[])[] = [
  [':status', '302', 'cache-control', 'private', 'date', date, 'location', location],
  [':status', '307', 'cache-control', 'private', 'date', date, 'location', location],
  [
    ':status',
    '200',
    'cache-control',
    'private',
    'date',
    'Mon, 21 Oct 2013 20:13:22 GMT',
    'location',
    location,
    'content-encoding',
    'gzip',
    'set-cookie',
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

function examples(
  fields: readonly (readonly string[])[],
  sizes: readonly number[],
  blocks: readonly string[],
): Example[] {
  return blocks.map((block, n) => ({ block, fields: fields[n] ?? [], tableSize: sizes[n] ?? 0 }));
}

const appendixC: readonly (readonly [section: string, maxTable: number, Example[]])[] = [
  [
    'C.2.1',
    4096,
    [
      {
        block: '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
        fields: ['custom-key', 'custom-header'],
        tableSize: 55,
      },
    ],
  ],
  [
    'C.2.2',
    4096,
    [
      {
        block: '040c 2f73 616d 706c 652f 7061 7468',
        fields: [':path', '/sample/path'],
        tableSize: 0,
      },
    ],
  ],
  [
    'C.2.3',
    4096,
    [
      {
        block: '1008 7061 7373 776f 7264 0673 6563 7265 74',
        fields: ['password', 'secret'],
        tableSize: 0,
      },
    ],
  ],
  ['C.2.4', 4096, [{ block: '82', fields: [':method', 'GET'], tableSize: 0 }]],
  [
    'C.3',
    4096,
    examples(
      requestFields,
      [57, 110, 164],
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ),
  ],
  [
    'C.4',
    4096,
    examples(
      requestFields,
      [57, 110, 164],
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ),
  ],
  [
    'C.5',
    256,
    examples(
      responseFields,
      [222, 222, 215],
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
    ),
  ],
  [
    'C.6',
    256,
    examples(
      responseFields,
      [222, 222, 215],
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ),
  ],
];

for (const [section, maxTable, blocks] of appendixC) {
  test(`the example of RFC 7541 ${section}`, (t) => {
    const by = decoder();
    by.limitTable(maxTable);
    blocks.forEach(({ block, fields, tableSize }, n) => {
      // The examples take a smaller table as agreed on outside of them.
      const update = n === 0 && maxTable === 256 ? '3f e101' : '';
      const decoded = decode(by, hex(update + block));
      t.is(decoded.outcome, 'whole');
      t.deepEqual(decoded.fields, [...fields]);
      t.is(by.tableSize, tableSize);
    });
  });
}

for (const [what, block, outcome] of [
  ['index 0', '80', 'index out of the tables'],
  [
    'an index above the static table when the dynamic one is empty',
    'be',
    'index out of the tables',
  ],
  ['a name by such an index', '7f00 0161', 'index out of the tables'],
  ['an index of five continuation octets', 'ff ffff ffff 0f', 'integer too large'],
  ['a length of as many', '00 7f ffff ffff ff0f', 'integer too large'],
  ['zeros without end', 'ff 8080 8080 8080 8000', 'integer too large'],
  ['an index that breaks off', 'ff', 'block ends inside a field'],
  ['a string that breaks off', '000a 61', 'block ends inside a field'],
  ['a field without value', '0001 61', 'block ends inside a field'],
  ['a string without length', '00', 'block ends inside a field'],
  ['Huffman padding with a zero', '0001 6181 1e', 'invalid Huffman code'],
  ['the end-of-string code', '0001 6184 ffff ffff', 'invalid Huffman code'],
  ['a table size update after a field', '82 20', 'table size update out of place'],
  ['a table size over the limit', '3f e21f', 'table size over the limit'],
] as const) {
  test(`${what} is an error`, (t) => {
    t.is(decode(decoder(), hex(block)).outcome, outcome);
  });
}

test('a lower limit has to be followed by the next block', (t) => {
  const by = decoder();
  by.limitTable(100);
  t.is(decode(by, hex('82')).outcome, 'table size update missing');
  t.is(decode(by, hex('3f45 82')).outcome, 'whole');
  t.is(decode(by, hex('82')).outcome, 'whole');
});

test('a table size update evicts what no longer fits', (t) => {
  const by = decoder();
  decode(by, hex('4001 6101 62 4001 6301 64'));
  t.is(by.tableSize, 68);
  decode(by, hex('3f03'));
  t.is(by.tableSize, 34);
  t.deepEqual(decode(by, hex('be')).fields, ['c', 'd']);
  decode(by, hex('20'));
  t.is(by.tableSize, 0);
});

test('a list over the limit is cut off, and the tables stay in step', (t) => {
  const by = decoder(200);
  const encoder = new HpackEncoder();
  const long = ['a', 'x'.repeat(300), 'b', 'y'.repeat(100), 'c', 'z'];
  for (let n = 0; n < 3; n++) {
    const cut = decode(by, encode(encoder, long));
    t.is(cut.outcome, 'too-large');
    t.deepEqual(cut.fields, []);
  }
  t.deepEqual(decode(by, encode(encoder, ['b', 'y'.repeat(100)])).fields, ['b', 'y'.repeat(100)]);
});

test('a small block that names a large field over and over makes no large list', (t) => {
  const by = decoder(16_384);
  const encoder = new HpackEncoder();
  const large = ['bomb', 'x'.repeat(1_900)];
  for (let n = 0; n < 2; n++) decode(by, encode(encoder, large));
  const cut = decode(by, Buffer.alloc(10_000, 0xbe));
  t.is(cut.outcome, 'too-large');
  t.true(cut.list.length <= 8);
});

test('a field that came never-indexed says so', (t) => {
  const [secret, plain] = decode(decoder(), hex('1001 6101 62 0001 6101 62')).list;
  t.true(secret?.sensitive);
  t.false(plain?.sensitive);
});
