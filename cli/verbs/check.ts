/** Owns `isthmus check`: what is wrong, from the ground up, and what to do about it. */
import type { InspectColor } from 'node:util';
import { asIsthmusError } from '../../core/errors.ts';
import type { Finding } from '../../gateway/control/api/answers.ts';
import { checkLayers } from '../../gateway/control/check/layers.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit.ts';
import type { View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';
import { counted } from '../words.ts';

export function checkVerb(program: Verb, cli: Cli): void {
  program
    .command('check')
    .description('Look for what is wrong, layer by layer. Exits 3 on warnings, 1 on errors.')
    .option('-c, --config <file>', 'Check only this configuration file; needs no gateway.')
    .examples(
      ['isthmus check', 'the gateway, its registry, its peers, its certificates'],
      ['isthmus check -c gateway.yaml', 'a configuration file, before it is used'],
    )
    .action(async ({ config }: { config?: string }) => {
      const findings =
        config === undefined ? await gatewayFindings(cli) : await fileFindings(config);
      cli.print({ findings }, (view) => layout(findings, view));
      const levels = new Set(findings.map(({ level }) => level));
      if (levels.has('error')) cli.exitCode = exitCodes.failed;
      else if (levels.has('warning')) cli.exitCode = exitCodes.degraded;
    });
}

async function gatewayFindings(cli: Cli): Promise<readonly Finding[]> {
  const admin = await cli.admin();
  return (await admin.get<{ findings: readonly Finding[] }>('/v1/check')).findings;
}

async function fileFindings(path: string): Promise<readonly Finding[]> {
  const [{ loadConfig }, { checkIngress }, { checkEtcd }, { fromError, ok }] = await Promise.all([
    import('../../gateway/control/config/config.ts'),
    import('../../gateway/control/check/ingress.ts'),
    import('../../gateway/control/check/etcd.ts'),
    import('../../gateway/control/check/finding.ts'),
  ]);
  try {
    const config = await loadConfig(path);
    const { cluster, federation } = config;
    const what = `Valid: cluster ${cluster} of federation ${federation}`;
    const valid = { ...ok('config', 'CONFIG_VALID', what), where: path };
    return [valid, ...(await checkEtcd(config)), ...(await checkIngress(config, Date.now()))];
  } catch (thrown) {
    return [fromError('config', asIsthmusError(thrown))];
  }
}

const marks: Record<Finding['level'], readonly [mark: string, color: InspectColor]> = {
  ok: ['ok   ', 'green'],
  warning: ['warn ', 'yellow'],
  error: ['error', 'red'],
};

/** Layers in the order they rest on each other: the first fault is usually the cause of the later ones. */
function layout(findings: readonly Finding[], view: View): string {
  const layers = new Set<string>([...checkLayers, ...findings.map(({ layer }) => layer)]);
  const sections = [...layers].flatMap((layer) => {
    const members = findings.filter((finding) => finding.layer === layer);
    if (members.length === 0) return [];
    const lines = members.map((finding) => findingText(finding, view));
    return [`${view.paint('bold', printable(layer))}\n${lines.join('\n')}`];
  });
  return [...sections, summary(findings)].join('\n\n');
}

function findingText(finding: Finding, view: View): string {
  const { code, fix, level, what, where } = finding;
  const [mark, color] = marks[level];
  const place = where === undefined ? '' : ` (${printable(where)})`;
  const head = level === 'ok' ? '' : `${view.paint('bold', printable(code))}: `;
  const advice = fix === undefined || level === 'ok' ? '' : `\n         fix: ${printable(fix)}`;
  return `  ${view.paint(color, mark)}  ${head}${printable(what)}${place}${advice}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((f) => f.level === level).length;
  return `${count('ok')} ok, ${counted(count('warning'), 'warning')}, ${counted(count('error'), 'error')}`;
}
