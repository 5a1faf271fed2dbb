/** Owns the calls about resources: from a configuration to a plan, from a plan to what is there, and back from that to the state. */
import { diagnosticMessage, pathMessage } from '../diagnostics.ts';
import type { ManagedResource, Stored } from '../offer.ts';
import type { Session } from '../session.ts';
import { readBlock, readJson, writeValue } from '../values/dynamic-value.ts';
import { knownPart } from '../values/value.ts';
import { byTypeName, diagnosed, type Handlers, lookedUp, named } from './handlers.ts';

type ResourceCalls =
  | 'ValidateResourceConfig'
  | 'UpgradeResourceState'
  | 'ReadResource'
  | 'PlanResourceChange'
  | 'ApplyResourceChange'
  | 'ImportResourceState';

const nothing = writeValue(null);
const noTag = new Uint8Array();

export function resourceCalls(
  offered: readonly ManagedResource[],
  session: Session,
): Handlers<ResourceCalls> {
  const resources = byTypeName(offered);
  return {
    async ValidateResourceConfig({ type_name, config }) {
      const resource = named(resources, type_name);
      const values = readBlock(config, resource.attributes) ?? {};
      return { diagnostics: (resource.validate?.(values) ?? []).map(diagnosticMessage) };
    },

    UpgradeResourceState: ({ type_name, raw_state }) =>
      diagnosed({ upgraded_state: nothing }, () => {
        const { attributes } = named(resources, type_name);
        const state = raw_state && readJson(raw_state.json, { kind: 'object', attributes });
        return { answer: { upgraded_state: writeValue(state) } };
      }),

    ReadResource: ({ type_name, current_state, private: kept }) =>
      lookedUp({ new_state: current_state ?? nothing, private: kept }, async () => {
        const resource = named(resources, type_name);
        const state = readBlock(current_state, resource.attributes);
        const found =
          state && (await resource.read({ state, tag: tagIn(kept) }, await session.gateway()));
        return found ? stored(found) : { answer: { new_state: nothing, private: noTag } };
      }),

    PlanResourceChange: (request) =>
      diagnosed(
        { planned_state: nothing, requires_replace: [], planned_private: request.prior_private },
        () => {
          const resource = named(resources, request.type_name);
          const { attributes } = resource;
          const config = readBlock(request.config, attributes);
          const isDestroyed = readBlock(request.proposed_new_state, attributes) === null;
          const planned_private = request.prior_private;
          if (isDestroyed || config === null) {
            return { answer: { planned_state: nothing, requires_replace: [], planned_private } };
          }
          const plan = resource.plan(config, readBlock(request.prior_state, attributes));
          return {
            answer: {
              planned_state: writeValue(plan.planned),
              requires_replace: plan.replacing.map((attribute) => pathMessage([{ attribute }])),
              planned_private,
            },
          };
        },
      ),

    ApplyResourceChange: ({ type_name, prior_state, planned_state, planned_private }) =>
      diagnosed({ new_state: prior_state ?? nothing, private: planned_private }, async () => {
        const resource = named(resources, type_name);
        const state = readBlock(prior_state, resource.attributes);
        const planned = readBlock(planned_state, resource.attributes);
        const prior = state && { state, tag: tagIn(planned_private) };
        const gateway = await session.gateway();
        if (planned !== null) {
          const { create, update } = resource;
          const made = prior
            ? update.call(resource, planned, prior, gateway)
            : create.call(resource, planned, gateway);
          return stored(await made);
        }
        if (prior !== null) await resource.delete(prior, gateway);
        return { answer: { new_state: nothing, private: noTag } };
      }),

    ImportResourceState: ({ type_name, id }) =>
      diagnosed({ imported_resources: [] }, () => {
        const state = writeValue(named(resources, type_name).named(id));
        return { answer: { imported_resources: [{ type_name, state }] } };
      }),
  };
}

function stored({ state, tag, warnings }: Stored) {
  // Whatever a gateway left out that it should have told: a state knows everything.
  const known = knownPart(state);
  return {
    answer: { new_state: writeValue(known), private: tag === undefined ? noTag : tagged(tag) },
    warnings,
  };
}

function tagged(tag: string): Uint8Array {
  return Buffer.from(JSON.stringify({ tag }));
}

function tagIn(kept: Uint8Array): string | undefined {
  if (kept.length === 0) return undefined;
  const { tag } = JSON.parse(Buffer.from(kept).toString()) as { readonly tag?: string };
  return tag;
}
