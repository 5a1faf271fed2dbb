/** Specifies that every key of a configuration is taken from YAML to what it does by a test. */
import test from 'ava';
import { configKeys } from '../gateway/control/config/keys.ts';
import { proofs } from './proofs.ts';

test('every key of a configuration is proved', (t) => {
  const proved = proofs();
  t.deepEqual(
    configKeys().filter((key) => !proved.has(key)),
    [],
    'write a test that starts a gateway with the key, sees what it does, and ends with `proves(t, key)`',
  );
});

test('what is proved is a key of a configuration', (t) => {
  const keys = configKeys();
  t.deepEqual(
    [...proofs().keys()].filter((key) => !keys.includes(key)),
    [],
  );
});
