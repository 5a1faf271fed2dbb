/** Owns verifying the RPM package: rpm reads it, and it holds what it should. */
import { expect, quiet, shown } from './programs.ts';

export async function verifyRpm(file: string): Promise<void> {
  const files = await quiet('rpm', '-qlp', file);
  for (const path of [
    '/usr/bin/isthmus',
    '/etc/isthmus/gateway.yaml',
    '/usr/share/man/man1/isthmus.1.gz',
  ]) {
    expect(files.split('\n').includes(path), `it installs ${path}`);
  }
  process.stdout.write(`$ rpm -qlp ${file} | grep -v dist/\n`);
  process.stdout.write(
    `${files
      .split('\n')
      .filter((path) => !path.includes('dist/'))
      .join('\n')}\n`,
  );
  await shown('rpm', '-qp', '--configfiles', file);
  await shown('rpm', '--checksig', file);
}
