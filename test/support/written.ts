/** Owns which configurations the gateways of a file's tests were given. What asks for their keys is apart, for few tests do, and it takes longer to load than all else here. */

/** As they were given, the latest last. */
export const written: object[] = [];

/** A key that no gateway is to have: no test that proves it may pass then, as `keys/try.ts` tries. */
export const leftOut = process.env['ISTHMUS_TEST_WITHOUT'];

/** Notes a configuration that a gateway is to be started with. */
export async function noteWritten(config: object): Promise<void> {
  written.push(config);
  if (leftOut === undefined) return;
  const { keysIn } = await import('../gateway/control/config/keys.ts');
  for (const { key, holder, name } of [...keysIn(config)]) if (key === leftOut) delete holder[name];
}
