/** Owns what the tests need: programs, installed from Debian's packages as root, the build, and a compile cache that is not empty. */
import { installMissing } from '../../bench/packages.ts';
import { buildWhatIsMissing } from '../../build/missing.ts';
import { fillCompileCache } from './compile-cache.ts';

const missing = installMissing([
  ['etcd', 'etcd-server'],
  ['etcdctl', 'etcd-client'],
  ['curl', 'curl'],
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['nghttpd', 'nghttp2-server'],
  ['slowhttptest', 'slowhttptest'],
  ['chromium', 'chromium'],
  ['chromium-headless-shell', 'chromium-headless-shell'],
  ['h2load', 'nghttp2-client'],
  ['prometheus', 'prometheus'],
  ['promtool', 'prometheus'],
  ['systemd-notify', 'systemd'],
  ['openssl', 'openssl'],
  ['jq', 'jq'],
  ['faketime', 'faketime'],
]);
if (missing.length > 0) {
  const packages = missing.join(' ');
  console.error(
    `The tests need these Debian packages: ${packages}\nInstall them: sudo apt-get install ${packages}`,
  );
  process.exit(1);
}
await buildWhatIsMissing();
await fillCompileCache();
