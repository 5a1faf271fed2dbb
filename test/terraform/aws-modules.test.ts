/**
 * Specifies Terraform's modules for AWS and the federations made with them, by the real binary and the real provider's schema with its calls
 * left out: laid out as Terraform has it, their own tests (`tests/*.tftest.hcl`) pass, and their READMEs say what there is.
 */
import ava from 'ava';
import { readmeOf } from '../support/module-tables.ts';
import { sharedScope } from '../support/shared.ts';
import { awsProviderInPlace, copyOfTerraform, terraformTest } from '../support/terraform.ts';

const shared = sharedScope(ava);
/** One after the other: each takes a processor for itself. */
const test = terraformTest(ava.serial, 'aws');

const modules = ['dns-aws', 'etcd-aws', 'region-aws'];
const examples = ['two-regions-aws', 'three-regions-aws', 'hybrid'];

const inPlace = awsProviderInPlace(shared).then((env) => copyOfTerraform(shared, env));

test('the modules want versions of the provider of which there is one', async (t) => {
  const { init, dir } = await copyOfTerraform(shared);
  await t.notThrowsAsync(init('examples/three-regions-aws'), dir('.'));
});

test('every file is as `terraform fmt` writes it', async (t) => {
  const { stdout } = await (await inPlace).run('.', 'fmt', '-check', '-recursive', '-list');
  t.is(stdout, '');
});

for (const folder of [
  ...modules.map((name) => `modules/${name}`),
  ...examples.map((name) => `examples/${name}`),
]) {
  test(`${folder} is valid and passes its tests`, async (t) => {
    const { ready, ok } = await inPlace;
    await ready(folder);
    t.regex(await ok(folder, 'test', '-no-color'), /^Success! [1-9]\d* passed, 0 failed\.$/m);
  });
}

for (const folder of modules) {
  ava(`the README of ${folder} has its inputs and outputs`, async (t) => {
    const { is, ought } = await readmeOf(`terraform/modules/${folder}`);
    t.is(is, ought, '`node test/terraform/write-tables.ts` writes it anew');
  });
}
