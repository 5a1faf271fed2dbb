/** Specifies that a kind of resource which is declared in the admin API is one of Terraform's by that alone: with a kind that there is not. */
import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { installProblems } from '../../../gateway/control/api/problems.ts';
import { resource } from '../../../gateway/control/api/resource.ts';
import { labelSchema } from '../../../registry/model.ts';
import { providerCalls } from '../../../terraform/provider/calls/provider.ts';
import { resourceCalls } from '../../../terraform/provider/calls/resources.ts';
import { configurationAttributes } from '../../../terraform/provider/connection/configuration.ts';
import { ApiResource } from '../../../terraform/provider/resources/api-resource.ts';
import { valuesOf } from '../../../terraform/provider/schema/attribute.ts';
import { Session } from '../../../terraform/provider/session.ts';
import { readBlock, writeValue } from '../../../terraform/provider/values/dynamic-value.ts';
import { unknown, type ValueMap } from '../../../terraform/provider/values/value.ts';
import { adminAt } from '../../cli/admin-at.ts';

const teapot = resource({
  name: 'tea_pot',
  plural: 'tea_pots',
  tag: 'Tea',
  summary: 'A pot, and the tea that is in it',
  path: '/v1/kitchens/{kitchen}/tea-pots/{pot}',
  params: z.strictObject({
    kitchen: labelSchema.describe('Where it stands'),
    pot: labelSchema.describe('Which one it is'),
  }),
  body: z.strictObject({
    leaves: z.enum(['green', 'black']).default('black').describe('Kind of tea'),
    cups: z.int().min(1).max(12).describe('How many it holds'),
    key: z.string().optional().describe('What locks it'),
  }),
  answer: z.strictObject({
    spec: z.strictObject({ leaves: z.string(), cups: z.int() }),
    celsius: z.number().describe('How hot it is'),
  }),
  holds: 'spec',
  derived: ['celsius'],
  secret: ['key'],
  role: 'operator',
  says: { get: '', put: '', delete: '' },
});

const kind = new ApiResource(teapot);
const type_name = 'isthmus_tea_pot';

/** Stands where a gateway's admin API is, and keeps pots as that keeps what is declared. */
function kitchen(app: FastifyInstance) {
  const pots = new Map<string, { leaves: string; cups: number }>();
  const asked: string[] = [];
  const tag = (pot: object) =>
    `"${createHash('sha256').update(JSON.stringify(pot)).digest('hex')}"`;
  installProblems(app, { error() {} } as never);
  app.addHook('onRequest', async ({ method, url }) => void asked.push(`${method} ${url}`));
  const path = '/v1/kitchens/:kitchen/tea-pots/:pot';
  const found = (url: string) => {
    const pot = pots.get(url);
    if (pot) return pot;
    throw new IsthmusError('ENDPOINT_NOT_FOUND', { what: 'There is no such pot' });
  };
  app.get(path, async ({ url }, reply) => {
    const spec = found(url);
    return reply.header('etag', tag(spec)).send({ spec, celsius: 80 });
  });
  app.put(path, async ({ url, body, headers }, reply) => {
    const there = pots.get(url);
    const wanted = headers['if-match'];
    const isFree = headers['if-none-match'] === undefined || there === undefined;
    if (!isFree || (wanted !== undefined && (there === undefined || tag(there) !== wanted))) {
      throw new IsthmusError('PRECONDITION_FAILED', { what: 'It is another one' });
    }
    const { key: _, ...spec } = body as { key?: string; leaves: string; cups: number };
    if (spec.cups === 11) {
      throw new IsthmusError('BODY_INVALID', { what: 'Nobody has eleven cups', where: 'cups' });
    }
    pots.set(url, spec);
    return reply.header('etag', tag(spec)).send({ spec, celsius: 100 });
  });
  app.delete(path, async ({ url }, reply) => {
    found(url);
    pots.delete(url);
    return reply.code(204).send();
  });
  return { pots, asked };
}

async function start(t: Pick<ExecutionContext, 'teardown'>) {
  let state = { pots: new Map(), asked: [] } as ReturnType<typeof kitchen>;
  const { ISTHMUS_ADMIN } = await adminAt(t, (app) => {
    state = kitchen(app);
  });
  const session = new Session({});
  const offer = { resources: [kind], dataSources: [], ephemeralResources: [], functions: [] };
  const provider = providerCalls(offer, session);
  const values = valuesOf(configurationAttributes, () => null);
  const config = writeValue({ ...values, address: ISTHMUS_ADMIN, retries: 0 });
  await provider.ConfigureProvider({ config, terraform_version: '1.11.4' });
  return { ...state, provider, calls: resourceCalls(offer.resources, session) };
}

const url = '/v1/kitchens/north/tea-pots/brown';
const values = (given: ValueMap): ValueMap => ({
  ...valuesOf(kind.attributes, () => null),
  ...given,
});
const nothing = writeValue(null);
const noTag = new Uint8Array();
const wanted = values({ kitchen: 'north', pot: 'brown', cups: 4, key: 'k' });

/** Plans and applies, as Terraform does. */
async function applied(
  { calls }: Awaited<ReturnType<typeof start>>,
  config: ValueMap,
  prior: { readonly state: ValueMap; readonly tag: Uint8Array } | null = null,
) {
  const prior_state = prior === null ? nothing : writeValue(prior.state);
  const plan = await calls.PlanResourceChange({
    type_name,
    prior_state,
    proposed_new_state: writeValue(config),
    config: writeValue(config),
    prior_private: prior?.tag ?? noTag,
  });
  const { planned_state, planned_private } = plan;
  const done = await calls.ApplyResourceChange({
    type_name,
    prior_state,
    planned_state,
    planned_private,
  });
  return {
    plan: readBlock(planned_state, kind.attributes),
    state: readBlock(done.new_state, kind.attributes),
    tag: done.private,
    diagnostics: done.diagnostics,
  };
}

test('it has a schema: its path and body, what is answered, secrets, and sentences', async (t) => {
  const { provider } = await start(t);
  const { resource_schemas } = await provider.GetProviderSchema({});
  const { block } = resource_schemas[type_name] ?? t.fail() ?? { block: undefined };
  t.is(block?.description, 'A pot, and the tea that is in it.');
  t.deepEqual(
    block?.attributes.map(({ name, required, optional, computed, sensitive }) => [
      name,
      { required, optional, computed, sensitive },
    ]),
    [
      ['kitchen', { required: true, optional: false, computed: false, sensitive: false }],
      ['pot', { required: true, optional: false, computed: false, sensitive: false }],
      ['leaves', { required: false, optional: true, computed: true, sensitive: false }],
      ['cups', { required: true, optional: false, computed: false, sensitive: false }],
      ['key', { required: false, optional: true, computed: false, sensitive: true }],
      ['celsius', { required: false, optional: false, computed: true, sensitive: false }],
    ],
  );
});

test('it is made, read, changed, found to be gone, and deleted', async (t) => {
  const all = await start(t);
  const made = await applied(all, wanted);
  t.deepEqual(made.plan, { ...wanted, leaves: 'black', celsius: unknown });
  t.deepEqual(
    made.state,
    { ...wanted, leaves: 'black', celsius: 100 },
    'with the secret, which is not told again',
  );
  t.deepEqual(all.pots.get(url), { leaves: 'black', cups: 4 });

  const state = made.state ?? {};
  const read = await all.calls.ReadResource({
    type_name,
    current_state: writeValue(state),
    private: made.tag,
  });
  t.deepEqual(readBlock(read.new_state, kind.attributes), { ...state, celsius: 80 });

  const changed = await applied(all, { ...wanted, cups: 6 }, { state, tag: read.private });
  t.deepEqual(changed.diagnostics, []);
  t.is(all.pots.get(url)?.cups, 6);

  const last = { type_name, prior_state: writeValue(state), planned_private: changed.tag };
  const deleted = await all.calls.ApplyResourceChange({ ...last, planned_state: nothing });
  t.deepEqual([deleted.diagnostics, all.pots.size], [[], 0]);
  const again = await all.calls.ApplyResourceChange({ ...last, planned_state: nothing });
  t.deepEqual(again.diagnostics, [], 'what is gone is deleted');
  const gone = await all.calls.ReadResource({
    type_name,
    current_state: writeValue(state),
    private: noTag,
  });
  t.is(readBlock(gone.new_state, kind.attributes), null);
});

test('one that is there, just as it is asked for, is taken over with a warning; another is not', async (t) => {
  const all = await start(t);
  all.pots.set(url, { leaves: 'black', cups: 4 });
  const taken = await applied(all, wanted);
  t.deepEqual(
    taken.diagnostics.map(({ severity, summary }) => [severity, summary]),
    [['WARNING', 'There already, and taken over']],
  );
  t.is(taken.state?.['cups'], 4);

  all.pots.set(url, { leaves: 'green', cups: 4 });
  const refused = await applied(all, wanted);
  t.deepEqual(
    refused.diagnostics.map(({ severity, summary }) => [severity, summary]),
    [['ERROR', 'There is one already']],
  );
  t.is(refused.state, null, 'a state has nothing that was not applied');
});

test('of two who change it the second is refused, and the state stays as it was', async (t) => {
  const all = await start(t);
  const { state, tag } = await applied(all, wanted);
  all.pots.set(url, { leaves: 'green', cups: 9 });
  const prior = { state: state ?? {}, tag };
  const second = await applied(all, { ...wanted, cups: 6 }, prior);
  t.deepEqual(
    second.diagnostics.map(({ summary }) => summary),
    ['Changed meanwhile'],
  );
  t.deepEqual(second.state, state);
  t.is(all.pots.get(url)?.cups, 9);

  all.pots.set(url, { leaves: 'black', cups: 6 });
  const same = await applied(all, { ...wanted, cups: 6 }, prior);
  t.deepEqual(same.diagnostics, [], 'both wanted the same');
});

test('what the gateway refuses is told at its attribute', async (t) => {
  const all = await start(t);
  const { diagnostics, state } = await applied(all, { ...wanted, cups: 11 });
  t.deepEqual(diagnostics, [
    {
      severity: 'ERROR',
      summary: 'Invalid body',
      detail: 'Nobody has eleven cups.\n\nCorrect the named field.',
      attribute: { steps: [{ attribute_name: 'cups' }] },
    },
  ]);
  t.is(state, null);
});

test('wrong values are found without a gateway; what is not known yet is not wrong', async (t) => {
  const { calls, asked } = await start(t);
  const faults = async (config: ValueMap) => {
    const { diagnostics } = await calls.ValidateResourceConfig({
      type_name,
      config: writeValue(values(config)),
    });
    return diagnostics.map(({ attribute, detail }) => [
      attribute?.steps[0]?.attribute_name,
      detail,
    ]);
  };
  t.deepEqual(await faults({ kitchen: 'North', pot: 'brown', cups: 13, leaves: 'red' }), [
    ['kitchen', 'Use lower-case letters, digits and inner hyphens, at most 63 characters.'],
    ['leaves', 'Invalid option: expected one of "green"|"black".'],
    ['cups', 'Too big: expected number to be <=12.'],
  ]);
  t.deepEqual(await faults({ kitchen: unknown, pot: unknown, cups: unknown, leaves: unknown }), []);
  t.deepEqual(asked, []);
});

test('it is imported by the names in its path, and by nothing else', async (t) => {
  const { calls } = await start(t);
  const { imported_resources } = await calls.ImportResourceState({ type_name, id: 'north/brown' });
  const [imported] = imported_resources.map(({ state }) => readBlock(state, kind.attributes));
  t.deepEqual(imported, values({ kitchen: 'north', pot: 'brown' }));
  const { diagnostics } = await calls.ImportResourceState({ type_name, id: 'brown' });
  t.deepEqual(
    diagnostics.map(({ detail }) => detail),
    ['"brown" does not name a tea_pot. Write KITCHEN/POT.'],
  );
});

test('a declaration whose body has a name of its path, or of Terraform, is refused', (t) => {
  for (const name of ['pot', 'count']) {
    const body = z.strictObject({ [name]: z.string() });
    const wrong = new ApiResource(resource({ ...teapot, body }));
    t.throws(() => wrong.attributes, { code: 'INTERNAL', message: new RegExp(`called ${name}`) });
  }
});
