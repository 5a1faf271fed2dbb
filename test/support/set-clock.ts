/** Owns clocks in tests that are wrong for one process alone, and set right while it runs. */
import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk } from './programs.ts';

export interface SetClock {
  /** A program that runs scripts as Node.js does, by that clock. */
  readonly program: string;
  /** Has the clock show so many hours more than it is, or less. Processes take it up within a second. */
  ahead(hours: number): Promise<void>;
}

/** `dir` is for its files. The clock is right. */
export async function setClock(dir: string): Promise<SetClock> {
  const [program, offset] = [join(dir, 'node-by-its-own-clock'), join(dir, 'offset')];
  // Where the library is, which the dynamic linker finds by a word of its own.
  const library = await runOk('faketime', [
    '-m',
    '-f',
    '+0',
    'sh',
    '-c',
    'printf %s "$LD_PRELOAD"',
  ]);
  const script = [
    '#!/bin/sh',
    // What counts intervals is not set with it, as on a machine.
    `export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_CACHE_DURATION=1 FAKETIME_TIMESTAMP_FILE=${offset}`,
    `export LD_PRELOAD='${library}'`,
    `exec ${process.execPath} "$@"`,
  ];
  await writeFile(program, `${script.join('\n')}\n`);
  await chmod(program, 0o755);
  const clock: SetClock = {
    program,
    async ahead(hours) {
      // In one step: half of a file would be another time.
      await writeFile(`${offset}.new`, `${hours < 0 ? '' : '+'}${hours * 3600}\n`);
      await rename(`${offset}.new`, offset);
    },
  };
  await clock.ahead(0);
  return clock;
}
