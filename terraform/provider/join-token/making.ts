/** Owns asking for join tokens: the attributes that say of what kind one is to be, and those that it has once it is made. */
import { tokenBodySchema } from '../../../gateway/control/api/bodies.ts';
import { createdTokenSchema } from '../../../gateway/control/api/schema/federation.ts';
import type { Gateway } from '../connection/gateway.ts';
import type { Diagnostic } from '../diagnostics.ts';
import { faults } from '../resources/validation.ts';
import type { Attributes } from '../schema/attribute.ts';
import { answerAttributes, bodyAttributes } from '../schema/from-zod.ts';
import { fromBody, toBody } from '../schema/wire.ts';
import type { ValueMap } from '../values/value.ts';

export const asked: Attributes = bodyAttributes(tokenBodySchema);
export const made: Attributes = answerAttributes(createdTokenSchema, { secret: ['token'] });

export function askedFaults(config: ValueMap): readonly Diagnostic[] {
  return faults(tokenBodySchema, asked, config);
}

/** A request whose answer was lost is not sent again: it may have made a token, which expires unused. */
export async function makeToken(config: ValueMap, gateway: Gateway): Promise<ValueMap> {
  const body = toBody(asked, config, 'left out');
  return fromBody(made, (await gateway.send<object>('POST', '/v1/tokens', body)).value);
}
