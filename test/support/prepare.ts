/** Owns what the tests need from the machine: installs it from Debian's packages as root, else says what to install. */
import { installMissing } from '../../bench/packages.ts';

const missing = installMissing([
  ['etcd', 'etcd-server'],
  ['etcdctl', 'etcd-client'],
  ['curl', 'curl'],
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['nghttpd', 'nghttp2-server'],
  ['slowhttptest', 'slowhttptest'],
  ['chromium', 'chromium'],
  ['h2load', 'nghttp2-client'],
  ['prometheus', 'prometheus'],
  ['promtool', 'prometheus'],
]);
if (missing.length > 0) {
  const packages = missing.join(' ');
  console.error(
    `The tests need these Debian packages: ${packages}\nInstall them: sudo apt-get install ${packages}`,
  );
  process.exit(1);
}
