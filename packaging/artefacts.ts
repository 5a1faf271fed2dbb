/** Owns what a release consists of: the name of each artefact, and how it is made. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDeb, debianArchitecture } from './deb.ts';
import { buildExecutable } from './executable.ts';
import { buildImage } from './image.ts';
import { type Architecture, architectures, nodeFolder } from './node.ts';
import type { Release } from './release-facts.ts';
import { buildRpm, rpmArchitecture } from './rpm.ts';
import { sbomOf } from './sbom.ts';
import { packNpm } from './tarball.ts';

export interface Artefact {
  readonly name: string;
  /** The programs it takes, which not every machine has. */
  readonly needs?: readonly ('rpmbuild' | 'buildah' | 'debootstrap')[];
  /** Writes it to `output`. `folder` has the artefacts before it. */
  make(output: string, folder: string): Promise<void>;
}

/** In the order in which they are made. */
export function artefactsOf(release: Release): Artefact[] {
  const { version } = release;
  const arch = process.arch as Architecture;
  const forAll = architectures.flatMap((arch): Artefact[] => [
    {
      name: executableName(version, arch),
      make: async (output) => buildExecutable(output, join(await nodeFolder(arch), 'bin/node')),
    },
    {
      name: `isthmus_${version}_${debianArchitecture[arch]}.deb`,
      make: (output) => buildDeb(output, arch, release),
    },
    {
      name: `isthmus-${version}-1.${rpmArchitecture[arch]}.rpm`,
      needs: ['rpmbuild'],
      make: (output) => buildRpm(output, arch, release),
    },
  ]);
  return [
    { name: `isthmus-${version}.tgz`, make: packNpm },
    ...forAll,
    {
      // Its system's commands run while it is made, so it is of this machine's kind.
      name: `isthmus-${version}-oci-${arch}.tar`,
      needs: ['buildah', 'debootstrap'],
      make: (output, folder) =>
        buildImage(output, join(folder, executableName(version, arch)), release),
    },
    {
      name: `isthmus-${version}.cdx.json`,
      make: async (output) => writeFile(output, await sbomOf(release)),
    },
    { name: `CHANGES-${version}.md`, make: (output) => writeFile(output, `${release.changes}\n`) },
  ];
}

function executableName(version: string, arch: Architecture): string {
  return `isthmus-${version}-linux-${arch}`;
}
