/** Owns writing the tables of inputs and outputs in the READMEs of Terraform's modules: `node test/terraform/write-tables.ts`. */
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readmeOf } from '../support/module-tables.ts';

for (const file of globSync('terraform/modules/*/variables.tf')) {
  const { path, is, ought } = await readmeOf(dirname(file));
  if (is === ought) continue;
  await writeFile(path, ought);
  process.stdout.write(`${path} is written anew\n`);
}
