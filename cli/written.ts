/** Owns reading what somebody wrote down as YAML or JSON: from a file, or from standard input where it is `-`. */
import { text as readStream } from 'node:stream/consumers';
import { z } from 'zod';
import { IsthmusError } from '../core/errors.ts';
import { readFileIfAny } from '../core/files.ts';
import { keyPlace, parseYaml } from '../core/yaml-file.ts';
import type { Cli } from './cli.ts';

export interface Written {
  readonly text: string;
  /** The place that errors name: the file as it was given, or `stdin`. */
  readonly name: string;
}

/** Throws FILE_UNREADABLE where there is no such file. */
export async function readText(cli: Cli, file: string): Promise<Written> {
  const text = file === '-' ? await readStream(cli.io.stdin) : await readFileIfAny(file);
  if (text !== undefined) return { text, name: file === '-' ? 'stdin' : file };
  throw new IsthmusError('FILE_UNREADABLE', { what: 'There is no such file', where: file });
}

const objectSchema = z.record(z.string(), z.unknown());

/** Any object. Throws as `readText` and `parseYaml` do. */
export async function readWritten(cli: Cli, file: string): Promise<Record<string, unknown>> {
  const { text, name } = await readText(cli, file);
  return parseYaml(objectSchema, text, name);
}

/**
 * What a gateway says of a body, said of the file that it came from: `where`, which is a path of keys, becomes file:line:column.
 * `under` are the keys that lead to the body in the file.
 */
export async function placed<T>(
  { text, name }: Written,
  under: readonly string[],
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (thrown) {
    if (!(thrown instanceof IsthmusError) || thrown.code !== 'BODY_INVALID') throw thrown;
    const key = thrown.where ?? '';
    const path = [...under, ...key.split('.').filter((step) => step !== '')];
    throw new IsthmusError('BODY_INVALID', {
      what: key === '' ? thrown.message : `${key}: ${thrown.message}`,
      where: keyPlace(text, name, path),
      cause: thrown,
    });
  }
}
