/** Owns what a provider offers to Terraform, each kind of thing by an interface of its own. */

import type { Gateway } from './connection/gateway.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Attributes, Shape } from './schema/attribute.ts';
import type { Value, ValueMap } from './values/value.ts';

interface Described {
  /** Without the provider's name: `endpoint` is `isthmus_endpoint`. */
  readonly name: string;
  /** Markdown; a sentence. */
  readonly description: string;
}

interface Configurable extends Described {
  readonly attributes: Attributes;
  /** What is wrong in a configuration, where nothing wrong can be told by the attributes alone. Parts of it may be unknown. */
  validate?(config: ValueMap): readonly Diagnostic[];
}

/** A resource as Terraform's state keeps it. */
export interface Stored {
  readonly state: ValueMap;
  /** Kept beside the state and shown to nobody. */
  readonly tag?: string | undefined;
  readonly warnings?: readonly Diagnostic[];
}

/** A thing that Terraform makes, changes and deletes. What throws has changed nothing, or says so. */
export interface ManagedResource extends Configurable {
  /** What `config` will become after `prior`, which is null where there is none. */
  plan(config: ValueMap, prior: ValueMap | null): Plan;
  /** Everything in the state is known. */
  create(planned: ValueMap, gateway: Gateway): Promise<Stored>;
  /** Undefined where it is gone. */
  read(prior: Stored, gateway: Gateway): Promise<Stored | undefined>;
  update(planned: ValueMap, prior: Stored, gateway: Gateway): Promise<Stored>;
  /** One that is gone already is deleted. */
  delete(prior: Stored, gateway: Gateway): Promise<void>;
  /** The state of the one that is called `id` on the command line, as far as the name says it: a read follows. Throws where it is no name. */
  named(id: string): ValueMap;
  /** How such a name is written: `NAMESPACE/SERVICE/ID`. Absent where there is no import. */
  readonly importForm?: string;
}

export interface Plan {
  readonly planned: ValueMap;
  /** Attributes that can only be changed by making another one. */
  readonly replacing: readonly string[];
}

/** Something to look up, at every plan. */
export interface DataSource extends Configurable {
  /** All attributes, those of the configuration among them. */
  read(config: ValueMap, gateway: Gateway): Promise<ValueMap>;
}

/** Something that is made for one run of Terraform, and in no state or plan. */
export interface EphemeralResource extends Configurable {
  open(config: ValueMap, gateway: Gateway): Promise<ValueMap>;
}

/** A pure function of Terraform's language. */
export interface ProviderFunction extends Described {
  readonly parameters: readonly {
    readonly name: string;
    readonly description: string;
    readonly shape: Shape;
  }[];
  readonly returns: Shape;
  /** Arguments are known and not null. A coded error that it throws is told at the argument that `faultyArgument` names, or at the call. */
  call(...given: readonly Value[]): Value;
}

export interface Offer {
  readonly resources: readonly ManagedResource[];
  readonly dataSources: readonly DataSource[];
  readonly ephemeralResources: readonly EphemeralResource[];
  readonly functions: readonly ProviderFunction[];
}
