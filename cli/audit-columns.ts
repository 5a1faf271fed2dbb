/** Owns the columns in which entries of the audit are shown. */
import type { AuditItem } from '../gateway/control/api/answers.ts';
import type { Column } from './table.ts';
import { moment } from './words.ts';

export const auditColumns: readonly Column<AuditItem>[] = [
  { title: 'AT', cell: (a) => moment(a.at) },
  { title: 'WHO', cell: (a) => a.who },
  { title: 'ROLE', cell: (a) => a.role },
  { title: 'WHAT', cell: (a) => a.operation ?? `${a.method} ${a.path}` },
  { title: 'TO', cell: (a) => a.object, overlong: 'continued' },
  { title: 'STATUS', cell: (a) => a.status, color: (a) => (a.status >= 400 ? 'red' : undefined) },
  { title: 'CODE', cell: (a) => a.code },
  { title: 'REQUEST', cell: (a) => `${a.method} ${a.path}`, wide: true },
  { title: 'FROM', cell: (a) => a.from, wide: true },
  { title: 'KNOWN BY', cell: (a) => a.via, wide: true },
];
