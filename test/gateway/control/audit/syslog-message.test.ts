/** Specifies how entries of the audit are written as syslog messages. */
import test from 'ava';
import type { AuditEntry } from '../../../../gateway/control/audit/audit.ts';
import {
  datagram,
  framed,
  syslogMessage,
} from '../../../../gateway/control/audit/forward/syslog-message.ts';

const origin = { facility: 13, host: 'gw 1', pid: 7, cluster: 'dc1', gateway: 'g1' };
const entry: AuditEntry = {
  ...{ id: 'a-0', at: Date.UTC(2026, 10, 29, 20), who: 'ålice', via: 'token', role: 'operator' },
  ...{ from: '10.0.0.9', method: 'POST', path: '/v1/drills', status: 201 },
};

test('a message is RFC 5424: priority, version, time, host, program, process, id, no data, and JSON after a BOM', (t) => {
  const head = '<110>1 2026-11-29T20:00:00.000Z gw1 isthmus 7 audit - ';
  const text = syslogMessage(entry, origin);
  t.is(text.slice(0, head.length), head);
  t.is(text.charCodeAt(head.length), 0xfeff);
  t.deepEqual(JSON.parse(text.slice(head.length + 1)), {
    ...{ cluster: 'dc1', gateway: 'g1', ...entry },
  });
});

for (const [status, priority] of [
  [200, '<110>'],
  [403, '<108>'],
  [500, '<107>'],
] as const) {
  test(`what was answered ${status} has the priority ${priority}`, (t) =>
    t.true(syslogMessage({ ...entry, status }, origin).startsWith(priority)));
}

test('on a connection the count of octets comes first, not of characters', (t) => {
  t.is(framed('å'), '2 å');
});

test('a datagram that would be too long says how many fields it leaves out', (t) => {
  const changes = [
    { field: 'a', after: 'x'.repeat(3_000) },
    { field: 'b', after: 1 },
  ];
  const sent = datagram({ ...entry, changes }, origin);
  t.true(sent.length < 2_048);
  t.regex(sent.toString(), /"changes":\[\{"field":"\.\.\.","after":"2 fields differ"\}\]/);
});
