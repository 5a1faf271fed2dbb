/** Owns whether there is the ground that faults are played on: Linux, root, and the programs. */
import { installMissing } from '../../bench/packages.ts';
import { nft } from './scene/network.ts';

/** Why they can't be played here; undefined where they can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'they need root on Linux, for network namespaces';
  }
  const missing = installMissing([
    ['etcd', 'etcd-server'],
    ['etcdctl', 'etcd-client'],
    [nft, 'nftables'],
    ['ip', 'iproute2'],
    ['faketime', 'faketime'],
    ['sysctl', 'procps'],
  ]);
  return missing.length === 0
    ? undefined
    : `these Debian packages are missing: ${missing.join(' ')}`;
}
