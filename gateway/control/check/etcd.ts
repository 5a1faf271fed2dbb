/** Owns the look at what a configuration says of an etcd, before a gateway runs with it: the files it needs are there, and good. */
import { systemClock } from '../../../core/clock.ts';
import { asIsthmusError } from '../../../core/errors.ts';
import { silentLog } from '../../../core/log.ts';
import type { GatewayConfig } from '../config/config.ts';
import { EtcdCredentials } from '../membership/etcd-credentials.ts';
import { type Finding, fromError, ok } from './finding.ts';

/** No findings where no etcd is configured. */
export async function checkEtcd({
  registry,
  baseDir,
}: Pick<GatewayConfig, 'registry' | 'baseDir'>): Promise<Finding[]> {
  const etcd = registry?.etcd;
  if (!etcd) return [];
  try {
    await EtcdCredentials.open({ etcd, baseDir, clock: systemClock, log: silentLog });
    return [ok('registry', 'REGISTRY_FILES_OK', 'The files for etcd can be used')];
  } catch (thrown) {
    return [fromError('registry', asIsthmusError(thrown))];
  }
}
