/** Owns the messages of Terraform's plugin protocol 6: their types here, as `tfplugin6.proto` defines them. */
import { fileURLToPath } from 'node:url';
import { serviceIn } from '../../../core/grpc-service.ts';
import type { DynamicValue } from '../values/dynamic-value.ts';

interface PathStep {
  readonly attribute_name?: string;
  readonly element_key_string?: string;
  readonly element_key_int?: number;
}

export interface AttributePath {
  readonly steps: readonly PathStep[];
}

export interface DiagnosticMessage {
  readonly severity: 'ERROR' | 'WARNING';
  readonly summary: string;
  readonly detail: string;
  readonly attribute?: AttributePath | undefined;
}

export interface AttributeMessage {
  readonly name: string;
  readonly type?: Uint8Array;
  readonly nested_type?: {
    readonly attributes: readonly AttributeMessage[];
    readonly nesting: 'SINGLE' | 'LIST' | 'MAP';
  };
  readonly description: string;
  readonly description_kind: 'MARKDOWN';
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
}

export interface SchemaMessage {
  readonly version: number;
  readonly block: {
    readonly version: number;
    readonly attributes: readonly AttributeMessage[];
    readonly description: string;
    readonly description_kind: 'MARKDOWN';
  };
}

export interface FunctionMessage {
  readonly parameters: readonly {
    readonly name: string;
    readonly type: Uint8Array;
    readonly description: string;
    readonly description_kind: 'MARKDOWN';
  }[];
  readonly return: { readonly type: Uint8Array };
  readonly summary: string;
  readonly description: string;
  readonly description_kind: 'MARKDOWN';
}

interface Typed {
  readonly type_name: string;
}

interface Configured {
  readonly config: DynamicValue | null;
}

export interface Diagnosed {
  readonly diagnostics: readonly DiagnosticMessage[];
}

/** By the name of each call: what is asked, and what is answered. */
export interface Calls {
  GetProviderSchema: readonly [
    Record<never, never>,
    {
      readonly provider: SchemaMessage;
      readonly resource_schemas: Readonly<Record<string, SchemaMessage>>;
      readonly data_source_schemas: Readonly<Record<string, SchemaMessage>>;
      readonly ephemeral_resource_schemas: Readonly<Record<string, SchemaMessage>>;
      readonly functions: Readonly<Record<string, FunctionMessage>>;
      readonly server_capabilities: { readonly get_provider_schema_optional: boolean };
    },
  ];
  ValidateProviderConfig: readonly [Configured, Diagnosed];
  ConfigureProvider: readonly [Configured & { readonly terraform_version: string }, Diagnosed];
  StopProvider: readonly [Record<never, never>, { readonly Error: string }];
  ValidateResourceConfig: readonly [Typed & Configured, Diagnosed];
  UpgradeResourceState: readonly [
    Typed & { readonly version: number; readonly raw_state: { readonly json: Uint8Array } | null },
    { readonly upgraded_state: DynamicValue } & Diagnosed,
  ];
  ReadResource: readonly [
    Typed & { readonly current_state: DynamicValue | null; readonly private: Uint8Array },
    { readonly new_state: DynamicValue; readonly private: Uint8Array } & Diagnosed,
  ];
  PlanResourceChange: readonly [
    Typed &
      Configured & {
        readonly prior_state: DynamicValue | null;
        readonly proposed_new_state: DynamicValue | null;
        readonly prior_private: Uint8Array;
      },
    {
      readonly planned_state: DynamicValue;
      readonly requires_replace: readonly AttributePath[];
      readonly planned_private: Uint8Array;
    } & Diagnosed,
  ];
  ApplyResourceChange: readonly [
    Typed & {
      readonly prior_state: DynamicValue | null;
      readonly planned_state: DynamicValue | null;
      readonly planned_private: Uint8Array;
    },
    { readonly new_state: DynamicValue; readonly private: Uint8Array } & Diagnosed,
  ];
  ImportResourceState: readonly [
    Typed & { readonly id: string },
    {
      readonly imported_resources: readonly (Typed & { readonly state: DynamicValue })[];
    } & Diagnosed,
  ];
  ValidateDataResourceConfig: readonly [Typed & Configured, Diagnosed];
  ReadDataSource: readonly [Typed & Configured, { readonly state: DynamicValue } & Diagnosed];
  ValidateEphemeralResourceConfig: readonly [Typed & Configured, Diagnosed];
  OpenEphemeralResource: readonly [
    Typed & Configured,
    { readonly result: DynamicValue } & Diagnosed,
  ];
  CloseEphemeralResource: readonly [Typed, Diagnosed];
  GetFunctions: readonly [
    Record<never, never>,
    { readonly functions: Readonly<Record<string, FunctionMessage>> } & Diagnosed,
  ];
  CallFunction: readonly [
    { readonly name: string; readonly arguments: readonly DynamicValue[] },
    {
      readonly result: DynamicValue;
      readonly error: { readonly text: string; readonly function_argument?: number } | null;
    },
  ];
}

export type Request<C extends keyof Calls> = Calls[C][0];
export type Response<C extends keyof Calls> = Calls[C][1];

const provider = fileURLToPath(new URL('tfplugin6.proto', import.meta.url));
const plugin = fileURLToPath(new URL('plugin.proto', import.meta.url));

export const providerService = serviceIn({
  path: provider,
  name: 'tfplugin6.Provider',
  keepCase: true,
});
export const controllerService = serviceIn({
  path: plugin,
  name: 'plugin.GRPCController',
  keepCase: true,
});
