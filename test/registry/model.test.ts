/** Specifies which records are valid. */
import test from 'ava';
import fc from 'fast-check';
import type { z } from 'zod';
import { IsthmusError } from '../../core/errors.ts';
import {
  addressSchema,
  clusterRecordSchema,
  endpointRecordSchema,
  exportRecordSchema,
  gatewayRecordSchema,
  parseRecord,
  syncedRecordSchema,
} from '../../registry/model.ts';
import { clusterRecord, dc1, endpointRecord, exportRecord, gatewayRecord } from './records.ts';

const key = '/isthmus/v1/acme/any';

const records: Record<string, readonly [z.ZodType, object]> = {
  cluster: [clusterRecordSchema, clusterRecord(dc1, { capacity: 0.5 })],
  gateway: [
    gatewayRecordSchema,
    gatewayRecord('g1', { rttMs: { dc2: 1.5 }, links: { dc2: 'up' } }),
  ],
  endpoint: [endpointRecordSchema, endpointRecord('cart-1', { labels: { team: 'core' } })],
  export: [exportRecordSchema, exportRecord()],
  canary: [syncedRecordSchema, { cluster: 'dc1', gateway: 'g1', at: 1 }],
};

for (const [name, [schema, record]] of Object.entries(records)) {
  test(`a record of kind ${name} reads back as it was written, as text or bytes`, (t) => {
    const text = JSON.stringify(record);
    t.deepEqual(parseRecord(schema, key, text), record);
    t.deepEqual(parseRecord(schema, key, new TextEncoder().encode(text)), record);
  });

  test(`a record of kind ${name} from a newer version is read, without what is not understood`, (t) => {
    t.deepEqual(parseRecord(schema, key, JSON.stringify({ ...record, newer: true })), record);
  });

  test(`a record of kind ${name} that lacks any field it needs is refused, and the field named`, (t) => {
    const optional = new Set(['capacity']);
    for (const field of Object.keys(record).filter((field) => !optional.has(field))) {
      const { [field]: _, ...rest } = record as Record<string, unknown>;
      const error = t.throws(() => parseRecord(schema, key, JSON.stringify(rest)), {
        instanceOf: IsthmusError,
        code: 'RECORD_INVALID',
      });
      t.like(error, { where: key });
      t.true(error?.message.startsWith(`${field}: `), error?.message);
    }
  });
}

for (const [what, record] of Object.entries({
  'a port of 0': endpointRecord('a', { port: 0 }),
  'a port over 65535': endpointRecord('a', { port: 65_536 }),
  'a weight below 0': endpointRecord('a', { weight: -1 }),
  'a weight that would drown its siblings': endpointRecord('a', { weight: 1001 }),
  'half a weight': endpointRecord('a', { weight: 0.5 }),
  'an id that is no label': endpointRecord('../a'),
  'no address': endpointRecord('a', { address: '' }),
  'an address that is two lines': endpointRecord('a', { address: 'a\r\nb' }),
  'a health nobody knows': { ...endpointRecord(), health: 'fine' },
  'a protocol nobody speaks': { ...endpointRecord(), protocol: 'gopher' },
  'a label that is no text': { ...endpointRecord(), labels: { team: 7 } },
})) {
  test(`an endpoint with ${what} is refused`, (t) => {
    t.throws(() => parseRecord(endpointRecordSchema, key, JSON.stringify(record)), {
      code: 'RECORD_INVALID',
    });
  });
}

test('security: a summary may not count less than nothing, more than a million, or over 256 localities', (t) => {
  const locality = { region: 'eu', zone: 'a', total: 1, healthy: 1, degraded: 0 };
  const accepts = (localities: object[]) =>
    exportRecordSchema.safeParse({ ...exportRecord(), localities }).success;
  t.true(accepts(Array(256).fill(locality)));
  t.true(accepts([{ ...locality, total: 1_000_000 }]));
  t.false(accepts(Array(257).fill(locality)));
  for (const total of [-1, 0.5, 1_000_001, 1e308, '1', null]) {
    t.false(accepts([{ ...locality, total }]), `${total}`);
  }
});

test('whatever bytes a value is, it is a record or refused with RECORD_INVALID', (t) => {
  const values = fc.oneof(
    fc.uint8Array(),
    fc.json(),
    fc.json().map((json) => `{"cluster":"dc1","gateway":${json},"at":1}`),
  );
  fc.assert(
    fc.property(values, (value) => {
      try {
        t.is(parseRecord(syncedRecordSchema, key, value).cluster, dc1);
      } catch (thrown) {
        t.like(thrown, { code: 'RECORD_INVALID', where: key });
      }
    }),
  );
});

for (const text of [
  'gw.example:443',
  '10.0.0.1:1',
  '[::1]:80',
  '[fe80::1%eth0]:80',
  '[::ffff:10.0.0.1]:65535',
]) {
  test(`${text} is an address`, (t) => t.true(addressSchema.safeParse(text).success));
}

for (const text of [
  '',
  'gw',
  'gw:',
  ':80',
  '::1:80',
  '[gw]:80',
  'gw:65536',
  'a b:80',
  'http://a:1',
  'gw:8o',
]) {
  test(`${JSON.stringify(text)} is no address`, (t) =>
    t.false(addressSchema.safeParse(text).success));
}
