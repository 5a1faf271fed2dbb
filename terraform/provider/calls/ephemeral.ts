/** Owns the calls about ephemeral resources: what they open lasts by itself, so that none is renewed, and nothing is left to close. */
import { diagnosticMessage } from '../diagnostics.ts';
import type { EphemeralResource } from '../offer.ts';
import type { Session } from '../session.ts';
import { readBlock, writeValue } from '../values/dynamic-value.ts';
import { byTypeName, diagnosed, type Handlers, named } from './handlers.ts';

export function ephemeralCalls(
  offered: readonly EphemeralResource[],
  session: Session,
): Handlers<
  'ValidateEphemeralResourceConfig' | 'OpenEphemeralResource' | 'CloseEphemeralResource'
> {
  const resources = byTypeName(offered);
  return {
    async ValidateEphemeralResourceConfig({ type_name, config }) {
      const resource = named(resources, type_name);
      const values = readBlock(config, resource.attributes) ?? {};
      return { diagnostics: (resource.validate?.(values) ?? []).map(diagnosticMessage) };
    },
    OpenEphemeralResource: ({ type_name, config }) =>
      diagnosed({ result: writeValue(null) }, async () => {
        const resource = named(resources, type_name);
        const values = readBlock(config, resource.attributes) ?? {};
        const opened = await resource.open(values, await session.gateway());
        return { answer: { result: writeValue(opened) } };
      }),
    async CloseEphemeralResource() {
      return { diagnostics: [] };
    },
  };
}
