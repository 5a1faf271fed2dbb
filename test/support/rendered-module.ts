/** Owns what a Terraform module without resources makes of variables: its outputs. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Terraform } from './terraform.ts';

/** Gives `variables` to the module in `folder`, which `terraform init` was run in. Rejects with what Terraform says of wrong ones. */
export async function rendered<Outputs>(
  terraform: Terraform,
  folder: string,
  variables: object,
): Promise<Outputs> {
  // Of its own, so that several can be rendered at a time.
  const name = `rendered-${randomUUID()}`;
  const state = `-state=${name}.tfstate`;
  await writeFile(join(terraform.dir(folder), `${name}.tfvars.json`), JSON.stringify(variables));
  const given = `-var-file=${name}.tfvars.json`;
  await terraform.ok(folder, 'apply', '-auto-approve', '-no-color', state, given);
  const outputs: Record<string, { value: unknown }> = JSON.parse(
    await terraform.ok(folder, 'output', '-json', state),
  );
  return Object.fromEntries(
    Object.entries(outputs).map(([of, { value }]) => [of, value]),
  ) as Outputs;
}

/** Those of `terraform/modules/region` that tests look at. */
export interface RegionOutputs {
  readonly gateway_yaml: string;
  readonly user_data: string;
  readonly systemd_unit: string;
  readonly systemd_units: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly kubernetes_manifests: Readonly<Record<string, string>>;
}
