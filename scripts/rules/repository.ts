/** This repository as the rules see it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { members as found, ROOT, readJson } from '../setup/workspace.mjs';
import type { Layer, Member } from './layers.ts';
import type { PackagePage } from './package-page.ts';

export { ROOT };

/** Every package and app, with the layer that its turbo.json gives as its tag. */
export function members(): Member[] {
  return [...found('packages'), ...found('apps')].map(({ dir, manifest }) => {
    const { tags = [] } = readJson(join(dir, 'turbo.json')) as { tags?: Layer[] };
    const [layer, ...others] = tags;
    if (!layer || others.length > 0) throw new Error(`${dir}/turbo.json: one tag, its layer`);
    const { name, dependencies, peerDependencies } = manifest as PackageManifest;
    return {
      name,
      layer,
      folder: relative(ROOT, dir),
      dependencies: Object.keys({ ...dependencies, ...peerDependencies }),
    };
  });
}

/** Every public package as its users see it. */
export function packagePages(): PackagePage[] {
  return found('packages')
    .filter(({ manifest }) => !manifest.private)
    .map(({ dir, manifest }) => ({
      folder: relative(ROOT, dir),
      manifest: manifest as PackageManifest,
      readme: readFileSync(join(dir, 'README.md'), 'utf8'),
      errors: readIfThere(join(dir, 'src/errors.ts')),
    }));
}

type PackageManifest = PackagePage['manifest'] & {
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
};

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
