/** Owns asking through real curl in tests, over either version of HTTP: what it saw, and how it ended. */
import { run } from './programs.ts';

interface CurlAnswer {
  /** curl's exit code: 0 = the answer is whole. */
  readonly code: number | null;
  /** Of the final response; 0 = there was none. */
  readonly status: number;
  /** `1.1` or `2` */
  readonly version: string;
  /** Fields of the final response by lower-case name; the last of a name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Statuses of all responses, interim ones included. */
  readonly statuses: readonly number[];
  readonly body: string;
  readonly stderr: string;
}

/** How curl is told which version to speak. */
export const versions = {
  'HTTP/1.1': '--http1.1',
  'HTTP/2': '--http2-prior-knowledge',
} as const;

/** Runs curl, whatever comes of it. */
export async function curl(args: readonly string[], input?: string | Buffer): Promise<CurlAnswer> {
  const { code, stdout, stderr } = await run(
    'curl',
    ['--silent', '--show-error', '--include', '--max-time', '20', ...args],
    input === undefined ? {} : { input },
  );
  return { code, stderr, ...parse(stdout) };
}

/** Asks a gateway at `url` for a host's path. */
export function ask(
  url: string,
  host: string,
  args: readonly string[] = [],
  input?: string | Buffer,
): Promise<CurlAnswer> {
  return curl(['--header', `Host: ${host}`, ...args, url], input);
}

function parse(
  text: string,
): Pick<CurlAnswer, 'status' | 'version' | 'fields' | 'statuses' | 'body'> {
  const statuses: number[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const [, version = '', status = ''] = /^HTTP\/([\d.]+) (\d{3})/.exec(first) ?? [];
    if (end === -1 || status === '') {
      return { status: 0, version, fields: {}, statuses, body: rest };
    }
    statuses.push(Number(status));
    rest = rest.slice(end + 4);
    if (Number(status) >= 200 || status === '101') {
      const fields = lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      });
      return {
        status: Number(status),
        version,
        fields: Object.fromEntries(fields),
        statuses,
        body: rest,
      };
    }
  }
}
