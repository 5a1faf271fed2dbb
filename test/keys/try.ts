/**
 * Owns trying proofs: `node test/keys/try.ts KEY...` (every key where none is named) leaves a key out of the YAML of every
 * gateway, and runs the tests that prove it. One that passes all the same proves nothing.
 */
import { spawnSync } from 'node:child_process';
import { passedWithout } from '../support/proves.ts';
import { proofs } from './proofs.ts';

const ava = 'node_modules/ava/entrypoints/cli.js';
const proved = proofs();
const [, , ...named] = process.argv;
for (const key of named.length > 0 ? named : proved.keys()) {
  for (const file of proved.get(key) ?? []) {
    const env = { ...process.env, ISTHMUS_TEST_WITHOUT: key };
    const { status, stderr } = spawnSync(process.execPath, [ava, file], { env, encoding: 'utf8' });
    const survivors = stderr.split('\n').filter((line) => line.includes(passedWithout));
    const isProof = status !== 0 && survivors.length === 0;
    process.stdout.write(`${isProof ? 'fails' : 'PASSES'} without ${key}: ${file}\n`);
    if (!isProof) process.exitCode = 1;
  }
}
