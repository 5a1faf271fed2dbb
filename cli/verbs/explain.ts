/** Owns `isthmus explain`: where a service's requests go from somewhere, and why; what would become of one request; or the way of any. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import type {
  ExplainAnswer,
  ExplainedSample,
  RequestExplanation,
} from '../../gateway/control/api/answers.ts';
import { life, type Slot } from '../../gateway/data/request/life.ts';
import type { Cli } from '../cli.ts';
import { decisionText } from '../decision.ts';
import { momentText } from '../moment.ts';
import { requestText, sampleText } from '../request-decisions.ts';
import { resolveAsked } from '../service-path.ts';
import { type Column, renderTable } from '../table.ts';
import { repeated, type Verb } from '../verb.ts';

interface RequestOptions {
  readonly method?: string;
  readonly header?: readonly string[];
  readonly jwt?: string;
  readonly as?: string;
  readonly source?: string;
  readonly listener?: string;
}

interface Options extends RequestOptions {
  readonly path?: true;
  readonly at?: string;
  readonly request?: string;
  readonly from?: string;
  readonly without?: readonly string[];
  readonly scale?: readonly string[];
}

export function explainVerb(program: Verb, cli: Cli): void {
  program
    .command('explain')
    .argument(
      '[service]',
      'The service: <service>.<namespace>, a named port of it: <port>.<service>.<namespace>, or the whole host of either. Or a URL: http://HOST/PATH.',
    )
    .description(
      "Show where a service's requests go and why, or step by step what would become of one request.",
    )
    .option('--from <cluster>', 'As if asked from this cluster, or CLUSTER/ZONE.')
    .option('--without <cluster>', 'As if this cluster were lost; may be repeated.', repeated)
    .option(
      '--scale <part>',
      'As if this cluster had a part of its healthy copies, CLUSTER=0.5; may be repeated.',
      repeated,
    )
    .option(
      '--at <moment>',
      'By what was believed then, 2026-11-29T20:00Z, or so long ago, 30m; or at a revision of the registry.',
    )
    .option('--method <method>', 'Of one request: its method, not GET.')
    .option(
      '--header <field>',
      "Of one request: a field, 'name: value'; may be repeated.",
      repeated,
    )
    .option(
      '--jwt <file>',
      'Of one request: a file with its JSON Web Token, or - for standard input.',
    )
    .option('--as <id>', 'Of one request: the SPIFFE ID by which its client is known.')
    .option('--source <address>', "Of one request: its client's IP address, not 127.0.0.1.")
    .option(
      '--listener <name>',
      'Of one request, by https: the ingress that it comes to, ingress-0.',
    )
    .option(
      '--request <id>',
      'A real request of the last minutes that the gateway remembers, by its id or that of its trace.',
    )
    .option('--path', 'The steps of any request through a gateway, in order, instead.')
    .examples(
      ['isthmus explain api.prod', 'from here, now'],
      ['isthmus explain api.prod --from dc2/eu-west-1b', "as seen from another cluster's zone"],
      ['isthmus explain api.prod --without dc1', 'what if dc1 were lost'],
      ['isthmus explain api.prod --scale dc1=0.5', 'what if half of its healthy copies were'],
      ['isthmus explain api.prod --at 30m', 'where they went half an hour ago, and why'],
      [
        "isthmus explain http://api.prod.acme/v1/orders --method POST --header 'x-user: beta'",
        'what would become of this request: route, access, limits, backends',
      ],
      [
        'isthmus explain --request 0f6ad1b2-8c1e-4bb7-9a52-7d5f1c0de0a1',
        'what became of this real request, and what would now',
      ],
      ['isthmus explain --path', 'what a gateway does with a request, step by step'],
    )
    .action(async (service: string | undefined, options: Options) => {
      if (options.path) {
        cli.print(life, (view) => renderTable(stepColumns, life, view));
        return;
      }
      if (options.request !== undefined) {
        if (service !== undefined) {
          throw new IsthmusError('USAGE', {
            what: '--request names a request that came: there is nothing to ask about beside it',
            fix: `Leave out ${service}.`,
          });
        }
        await explainSampled(cli, options.request);
        return;
      }
      if (service === undefined) {
        throw new IsthmusError('USAGE', {
          what: "Missing required argument 'service', --request or --path",
          fix: 'Try: isthmus explain api.prod',
        });
      }
      if (options.at !== undefined && isOneRequest(service, options)) {
        throw new IsthmusError('USAGE', {
          what: '--at asks about a whole service: what single requests met is not written down',
          fix: 'Leave out what is of one request, or --at.',
        });
      }
      if (isOneRequest(service, options)) await explainRequest(cli, service, options);
      else await explainService(cli, service, options);
    });
}

function isOneRequest(service: string, options: RequestOptions): boolean {
  const { method, header, jwt, as, source, listener } = options;
  const said = [method, header, jwt, as, source, listener];
  return service.includes('://') || said.some((one) => one !== undefined);
}

async function explainService(cli: Cli, service: string, options: Options): Promise<void> {
  const without = options.without?.join(',');
  const scale = Object.entries(scaleOf(options.scale)).map((part) => part.join(':'));
  const admin = await cli.admin();
  const name = await resolveAsked(admin, service);
  const query = { from: options.from, without, scale: scale.join(',') || undefined };
  const at = options.at && momentText('--at', options.at, Date.now());
  const explanation = at
    ? await admin.get<ExplainAnswer>(`/v1/history/explain/${name}`, { ...query, at })
    : await admin.get<ExplainAnswer>(`/v1/explain/${name}`, query);
  cli.print(explanation, (view) => decisionText(explanation, view));
}

async function explainRequest(cli: Cli, asked: string, options: Options): Promise<void> {
  const { from, without, method, header = [], jwt, as, source, listener } = options;
  const scale = scaleOf(options.scale);
  const headers = header.map(headerOf);
  const token = jwt === undefined ? undefined : await tokenIn(cli, jwt);
  const admin = await cli.admin();
  const what = asked.includes('://')
    ? { url: asked }
    : { service: await resolveAsked(admin, asked) };
  const body = {
    ...{ ...what, from, without, scale, method, headers, token, as, source, listener },
  };
  const explanation = await admin.send<RequestExplanation>('POST', '/v1/explain', body);
  cli.print(explanation, (view) => requestText(explanation, view));
}

async function explainSampled(cli: Cli, id: string): Promise<void> {
  const admin = await cli.admin();
  const explained = await admin.get<ExplainedSample>(`/v1/requests/${encodeURIComponent(id)}`);
  cli.print(explained, (view) => sampleText(explained, view));
}

function scaleOf(parts: readonly string[] = []): Readonly<Record<string, number>> {
  return Object.fromEntries(
    parts.map((part) => {
      const [cluster = '', said = ''] = part.split('=');
      const left = Number(said);
      if (cluster !== '' && said !== '' && left >= 0 && left <= 1) return [cluster, left];
      throw new IsthmusError('USAGE', {
        what: `--scale ${JSON.stringify(part)} says no part of a cluster's copies`,
        fix: 'Write it as CLUSTER=PART, with a part of 0 to 1: dc2=0.5.',
      });
    }),
  );
}

/** The error says nothing of the value, which may be a secret. */
function headerOf(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf(':');
  if (at > 0) return { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
  throw new IsthmusError('USAGE', {
    what: 'A --header has no colon',
    fix: "Write it as --header 'name: value'.",
  });
}

async function tokenIn(cli: Cli, file: string): Promise<string> {
  if (file === '-') return (await readText(cli.io.stdin)).trim();
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new IsthmusError('FILE_UNREADABLE', { what: messageOf(cause), where: file, cause });
  }
}

const stepColumns: readonly Column<Slot>[] = [
  { title: 'STEP', cell: (slot) => slot.name },
  { title: 'DOES', cell: (slot) => slot.does },
  { title: 'CAN END WITH', cell: (slot) => slot.refusals.join(', ') },
];
