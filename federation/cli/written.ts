/** Owns reading an object that somebody wrote down as YAML or JSON: from a file, or from standard input where it is `-`. */
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { IsthmusError } from '../../core/errors.ts';
import { readFileIfAny } from '../../core/files.ts';
import { parseYaml } from '../../core/yaml-file.ts';
import type { Cli } from './cli.ts';

/** Throws FILE_UNREADABLE where there is no such file, and what `parseYaml` does. */
export async function readWritten(cli: Cli, file: string): Promise<object> {
  const text = file === '-' ? await readText(cli.io.stdin) : await readFileIfAny(file);
  if (text === undefined) {
    throw new IsthmusError('FILE_UNREADABLE', { what: 'There is no such file', where: file });
  }
  return parseYaml(z.record(z.string(), z.unknown()), text, file === '-' ? 'stdin' : file);
}
