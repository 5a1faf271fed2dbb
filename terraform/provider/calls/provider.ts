/** Owns the calls about the provider as a whole: what it offers, how it is configured, when to stop. */
import { configurationAttributes, configurationFaults } from '../connection/configuration.ts';
import { diagnosticMessage } from '../diagnostics.ts';
import type { Offer } from '../offer.ts';
import type { SchemaMessage } from '../protocol/messages.ts';
import type { Attributes } from '../schema/attribute.ts';
import { schemaMessage } from '../schema/message.ts';
import type { Session } from '../session.ts';
import { readBlock } from '../values/dynamic-value.ts';
import { functionMessages } from './functions.ts';
import { diagnosed, type Handlers, prefix } from './handlers.ts';

const description =
  'Clusters of a federation, what they export, how requests are balanced and which failures are rehearsed, by the admin API of a gateway of each cluster';

type ProviderCalls =
  | 'GetProviderSchema'
  | 'ValidateProviderConfig'
  | 'ConfigureProvider'
  | 'StopProvider';

export function providerCalls(offer: Offer, session: Session): Handlers<ProviderCalls> {
  return {
    async GetProviderSchema() {
      return {
        provider: schemaMessage(description, configurationAttributes),
        resource_schemas: schemas(offer.resources),
        data_source_schemas: schemas(offer.dataSources),
        ephemeral_resource_schemas: schemas(offer.ephemeralResources),
        functions: functionMessages(offer.functions),
        server_capabilities: { get_provider_schema_optional: true },
      };
    },
    async ValidateProviderConfig({ config }) {
      const values = readBlock(config, configurationAttributes) ?? {};
      return { diagnostics: configurationFaults(values).map(diagnosticMessage) };
    },
    ConfigureProvider: ({ config }) =>
      diagnosed({}, async () => {
        await session.configure(readBlock(config, configurationAttributes) ?? {});
        return { answer: {} };
      }),
    async StopProvider() {
      session.stop();
      return { Error: '' };
    },
  };
}

function schemas(
  offered: readonly { name: string; description: string; attributes: Attributes }[],
): Record<string, SchemaMessage> {
  return Object.fromEntries(
    offered.map(({ name, description, attributes }) => [
      prefix + name,
      schemaMessage(description, attributes),
    ]),
  );
}
