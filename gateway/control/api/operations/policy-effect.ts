/** Owns the operation that says what writing policies would make of the requests of the last minutes, before any is written. */
import { type Operation, operation } from '../operation.ts';
import { effectBodySchema, effectSchema } from '../schema/policy-effect.ts';
import { type EffectParts, policyEffect } from '../view/policy-effect.ts';
import type { TrafficSource } from './traffic.ts';

export function policyEffectOperation(
  gateway: EffectParts,
  traffic: Pick<TrafficSource, 'view'>,
): Operation {
  return operation({
    method: 'POST',
    path: '/v1/policies/effect',
    id: 'previewPolicies',
    tag: 'Policies',
    summary:
      'What putting and deleting these policies would make of the requests of the last minutes; nothing is written, and nothing is sent',
    role: 'viewer',
    body: effectBodySchema,
    answer: effectSchema,
    onlyAsks: true,
    handle: ({ body }) => policyEffect(gateway, traffic, body),
  });
}
