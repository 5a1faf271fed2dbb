/** Owns the operations that look at the gateway itself: its health, its status, who one is to it, and a check of everything. */
import { z } from 'zod';
import type { Control } from '../control.ts';
import { fieldsShape, listing, only, wantedFields } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import {
  findingsSchema,
  healthSchema,
  logLevelSchema,
  readinessSchema,
  sessionSchema,
  statusSchema,
  workerSchema,
} from '../schema/gateway.ts';

const tag = 'Gateway';
const statusFields = new Set(Object.keys(statusSchema.unwrap().shape));

export function gatewayOperations(control: Control): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/healthz',
      id: 'getHealth',
      tag,
      summary: 'Whether the gateway lives',
      role: 'anyone',
      answer: healthSchema,
      handle: () => ({ status: 'ok' as const }),
    }),
    operation({
      method: 'GET',
      path: '/readyz',
      id: 'getReadiness',
      tag,
      summary: 'Whether the gateway serves',
      role: 'anyone',
      answer: readinessSchema,
      also: { 503: 'It does not serve' },
      handle({ reply }) {
        const readiness = control.readiness();
        if (!readiness.ready) reply.code(503);
        return readiness;
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/status',
      id: 'getStatus',
      tag,
      summary: 'How the gateway is: its registry, certificate, listeners and problems',
      role: 'viewer',
      query: z.strictObject(fieldsShape),
      answer: statusSchema,
      handle({ query: { fields } }) {
        const wanted = wantedFields(fields, statusFields);
        const status = control.status();
        // Fewer fields than there are is what was asked for.
        return wanted ? (only(status, wanted) as typeof status) : status;
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/session',
      id: 'getSession',
      tag,
      summary: 'Who one is to this API, and what one may do',
      role: 'viewer',
      answer: sessionSchema,
      handle: ({ caller: { name, role, via } }) => ({ name, role, via }),
    }),
    listing({
      path: '/v1/workers',
      id: 'listWorkers',
      tag,
      summary: 'The threads that carry traffic',
      role: 'viewer',
      item: workerSchema,
      key: ({ worker }) => String(worker).padStart(3, '0'),
      items: () => control.workers(),
    }),
    operation({
      method: 'GET',
      path: '/v1/log-level',
      id: 'getLogLevel',
      tag,
      summary: 'How much the log says',
      role: 'viewer',
      answer: logLevelSchema,
      handle: () => ({ level: control.logLevel() }),
    }),
    operation({
      method: 'PUT',
      path: '/v1/log-level',
      id: 'putLogLevel',
      tag,
      summary: 'Have the log say more or less, until the gateway ends',
      role: 'operator',
      body: logLevelSchema,
      answer: logLevelSchema,
      current: () => ({ level: control.logLevel() }),
      object: ({ body }) => `level ${body.level}`,
      handle({ body }) {
        control.setLogLevel(body.level);
        return { level: control.logLevel() };
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/check',
      id: 'check',
      tag,
      summary: 'What is wrong, layer by layer',
      role: 'viewer',
      answer: findingsSchema,
      handle: async () => ({ findings: await control.check() }),
    }),
  ];
}
