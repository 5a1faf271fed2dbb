/** Specifies Terraform's modules that need no cloud: their own tests pass, and their READMEs say what there is. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import ava from 'ava';
import { readmeOf } from '../support/module-tables.ts';
import { copyOfTerraform, terraformTest } from '../support/terraform.ts';

const test = terraformTest(ava);

for (const module of ['federation', 'observability', 'region-kubernetes']) {
  const folder = `modules/${module}`;

  ava(`the README of ${module} has its inputs and outputs`, async (t) => {
    const { is, ought } = await readmeOf(`terraform/${folder}`);
    t.is(is, ought, '`node test/terraform/write-tables.ts` writes it anew');
  });

  test(`the module ${module} passes its tests`, async (t) => {
    const { dir, ok } = await copyOfTerraform(t, {}, ['gateway/control/telemetry']);
    // Where it finds the provider, as the example does.
    const plugins = join(dir('examples/local'), 'terraform.d');
    await cp(plugins, join(dir(folder), 'terraform.d'), { recursive: true });
    await ok(folder, 'init', '-no-color');
    t.regex(await ok(folder, 'test', '-no-color'), /^Success! [1-9]\d* passed, 0 failed\.$/m);
  });
}
