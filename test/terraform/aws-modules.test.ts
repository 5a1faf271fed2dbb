/**
 * Specifies Terraform's modules for AWS, by the real binary and the real provider's schema with its calls left out: laid out as Terraform
 * has it, their own tests (`tests/*.tftest.hcl`) pass, and their READMEs say what there is.
 */
import ava from 'ava';
import { readmeOf } from '../support/module-tables.ts';
import { sharedScope } from '../support/shared.ts';
import { copyOfTerraform, terraformTest } from '../support/terraform.ts';

const test = terraformTest(ava, 'aws');
const terraform = copyOfTerraform(sharedScope(ava));

const modules = ['dns-aws', 'etcd-aws', 'region-aws'];

test('every file is as `terraform fmt` writes it', async (t) => {
  const { code, stdout } = await (await terraform).run('.', 'fmt', '-check', '-recursive', '-list');
  t.is(stdout, '');
  t.is(code, 0);
});

for (const module of modules) {
  test(`the module ${module} is valid and passes its tests`, async (t) => {
    const { init, ok } = await terraform;
    const folder = `modules/${module}`;
    await init(folder);
    t.regex(await ok(folder, 'test', '-no-color'), /^Success! \d+ passed, 0 failed\.$/m);
  });

  ava(`the README of ${module} has its inputs and outputs`, async (t) => {
    const { is, ought } = await readmeOf(`terraform/modules/${module}`);
    t.is(is, ought, '`node test/terraform/write-tables.ts` writes it anew');
  });
}
