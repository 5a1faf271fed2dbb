/** Specifies the provider's pages and examples: they are as the provider is, and the examples do what they say in a federation of real gateways. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import ava from 'ava';
import { z } from 'zod';
import { providerSource } from '../../../cli/terraform-plugin.ts';
import { resource } from '../../../gateway/control/api/resource.ts';
import { listsOf } from '../../../terraform/provider/data-sources/data-sources.ts';
import { pagesOf } from '../../../terraform/provider/documentation/pages.ts';
import {
  examplesFolder,
  pagesFolder,
  providerPages,
} from '../../../terraform/provider/documentation/provider-pages.ts';
import { offered } from '../../../terraform/provider/offered.ts';
import { ApiResource } from '../../../terraform/provider/resources/api-resource.ts';
import { bin } from '../../cli/command.ts';
import { becomes, startDrill } from '../../drills/scene.ts';
import { federate, settled, standalone } from '../../support/federation.ts';
import { terraformTest } from '../../support/terraform.ts';
import { Configuration } from '../../support/terraform-configuration.ts';
import { until } from '../../support/until.ts';

const terraform = terraformTest(ava);

/** The files in a folder, by their paths within it. */
function filesIn(folder: string): ReadonlyMap<string, string> {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}

const examples = filesIn(examplesFolder);

ava('the pages are as the provider is: `npm run docs:provider` writes them', (t) => {
  const kept = filesIn(pagesFolder);
  const made = providerPages();
  t.deepEqual([...kept.keys()].sort(), [...made.keys()].sort());
  for (const [path, text] of made) t.is(kept.get(path), text, path);
});

ava('all that is offered is shown by an example, and every attribute is described', (t) => {
  const pages = [...providerPages()];
  const bare = pages.filter(([, text]) => !text.includes('## Example Usage'));
  t.deepEqual(
    bare.map(([path]) => path),
    [],
  );
  const undescribed = pages.flatMap(([path, text]) =>
    [...text.matchAll(/^- `(\w+)` \([^)]*\)(?= \(see|$)/gm)].map(([, name]) => `${path}: ${name}`),
  );
  t.deepEqual(undescribed, []);
});

ava(
  'a kind of resource that the API has from tomorrow on has its pages by itself, its import too',
  (t) => {
    const declared = resource({
      ...{ name: 'made_up', plural: 'made_ups', tag: 'Tests', summary: 'A made-up thing' },
      ...{ path: '/v1/made-ups/{place}/{name}', collection: '/v1/made-ups', role: 'operator' },
      params: z.strictObject({ place: z.string().describe('A place'), name: z.string() }),
      body: z.strictObject({ size: z.int().default(3).describe('How large it is') }),
      answer: z.strictObject({ place: z.string(), name: z.string(), size: z.int() }),
      says: { get: 'One', put: 'Makes one', delete: 'Ends one' },
    });
    const dataSources = listsOf([declared]);
    const offer = { resources: [new ApiResource(declared)], dataSources };
    const pages = pagesOf({
      offer: { ...offer, ephemeralResources: [], functions: [] },
      ...{ configuration: {}, about: '', example: () => undefined },
    });
    const page = pages.get('resources/made_up.md') ?? '';
    t.regex(page, /^# isthmus_made_up \(Resource\)\n\nA made-up thing\.$/m);
    t.regex(
      page,
      /### Required\n\n- `name` \(String\)\n- `place` \(String\) A place\.\n\n### Optional/,
    );
    t.regex(page, /^- `size` \(Number\) How large it is\. Default `3`\.$/m);
    t.regex(page, /^terraform import isthmus_made_up\.example PLACE\/NAME$/m);
    t.regex(pages.get('data-sources/made_ups.md') ?? '', /^# isthmus_made_ups \(Data Source\)$/m);
  },
);

ava('every kind of resource that can be imported says how', (t) => {
  const importable = offered.resources.filter(({ name }) => name !== 'join_token');
  for (const { name } of importable) {
    // Policies of the federation are written as a cluster's are.
    const own = name.replace(/^federation_/, '');
    const text = examples.get(`resources/isthmus_${own}/import.sh`);
    t.regex(text ?? '', new RegExp(`^terraform import '?isthmus_${own}\\.`, 'm'));
  }
});

terraform(
  'the examples do what they say, bring back what somebody took away and nothing else, and leave nothing',
  async (t) => {
    const { dc1, dc2 } = await federate(t, { dc1: {}, dc2: {} });
    const dc3 = await standalone(t, 'dc3');
    const { id: drill } = await startDrill(dc1, { kind: 'expire-trust' });
    await becomes(dc1, drill, 'done');

    const configuration = await Configuration.prepare(t, '');
    const here = (text: string) =>
      text
        .replace(/^terraform \{\n.*?^\}\n/ms, '')
        .replace(
          'provider "isthmus" {}',
          `provider "isthmus" {\n  address = "${dc1.gateway.api.address.text}"\n}`,
        )
        .replace('http://gateway.dc3.example:7001', dc3.gateway.api.address.text)
        .replace('"isthmus join', `"${process.execPath} ${bin} join`);
    t.true(examples.get('provider/provider.tf')?.includes(`source = "${providerSource}"`));
    await writeFile(join(configuration.dir, 'terraform.tfvars'), `drill = "${drill}"\n`);
    for (const [path, text] of examples) {
      if (!path.endsWith('.tf')) continue;
      await writeFile(join(configuration.dir, path.replaceAll('/', '-')), here(text));
    }
    await configuration.ok('fmt', '-check', '-recursive', examplesFolder);

    const applied = await configuration.apply();
    t.deepEqual(applied.diagnostics, []);
    await settled([dc1, dc2, dc3]);
    // Whoever orders it, and from wherever.
    await dc2.gateway.isthmusOk(['undrain', 'dc1']);
    await until('dc1 to have heard of that', async () => {
      return (await dc1.gateway.items('/v1/drains')).length === 0;
    });
    t.deepEqual((await configuration.apply()).changes, { 'isthmus_drain.dc1': 'create' });
    t.like(await dc1.gateway.items('/v1/drains'), [{ cluster: 'dc1', ramp: '30s' }]);
    const outputs = JSON.parse(await configuration.ok('output', '-json')) as Record<
      string,
      { value: unknown }
    >;
    const { token_of_dc4: token, ...shown } = outputs;
    t.regex(String(token?.value), /^isthmus1_/);
    t.like(Object.fromEntries(Object.entries(shown).map(([name, { value }]) => [name, value])), {
      host_of_orders: 'orders.shop.acme',
      id_of_gateway: 'spiffe://dc1.acme/gateway/gateway-1',
      cluster_of_gateway: 'dc1',
      hosts: { 'orders.shop': 'orders.shop.acme', 'cart.shop': 'cart.shop.acme' },
      failed_over: { 'orders.shop': 'dc2' },
      kept_here: ['cart.shop'],
      rehearsed: ['monthly-evacuation'],
      failed_drills: [],
      drill_passed: true,
      founder: 'dc1',
    });

    const { 'isthmus_join_token.dc4': made } = await configuration.state();
    t.deepEqual((await configuration.destroy()).diagnostics, []);
    const revoked = await dc1.gateway.isthmus(['token', 'revoke', String(made?.['id'])]);
    t.regex(revoked.stderr, /TOKEN_NOT_FOUND/);
    t.deepEqual(await dc1.gateway.items('/v1/drains'), []);
    t.deepEqual(await dc1.gateway.items('/v1/failovers'), []);
    t.deepEqual(await dc1.gateway.items('/v1/drill-schedules'), []);
    t.deepEqual(await dc1.gateway.items('/v1/endpoints?service=cart.shop'), []);
  },
);
