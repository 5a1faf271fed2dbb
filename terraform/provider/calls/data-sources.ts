/** Owns the calls about data sources. */
import { diagnosticMessage } from '../diagnostics.ts';
import type { DataSource } from '../offer.ts';
import type { Session } from '../session.ts';
import { readBlock, writeValue } from '../values/dynamic-value.ts';
import { byTypeName, diagnosed, type Handlers, named } from './handlers.ts';

export function dataSourceCalls(
  offered: readonly DataSource[],
  session: Session,
): Handlers<'ValidateDataResourceConfig' | 'ReadDataSource'> {
  const sources = byTypeName(offered);
  return {
    async ValidateDataResourceConfig({ type_name, config }) {
      const source = named(sources, type_name);
      const values = readBlock(config, source.attributes) ?? {};
      return { diagnostics: (source.validate?.(values) ?? []).map(diagnosticMessage) };
    },
    ReadDataSource: ({ type_name, config }) =>
      diagnosed({ state: writeValue(null) }, async () => {
        const source = named(sources, type_name);
        const values = readBlock(config, source.attributes) ?? {};
        const found = await source.read(values, await session.gateway());
        return { answer: { state: writeValue(found) } };
      }),
  };
}
