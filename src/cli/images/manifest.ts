// What is known of a cached image: one small JSON file, whose rename into place is what makes the image
// exist. A manifest that this version of Lodge does not understand counts as no image.

/** The version of the layout that this code writes and reads. */
export const MANIFEST_VERSION = 2;

export interface Manifest {
  readonly version: number;
  readonly name: string;
  /** Debian's name of the architecture. */
  readonly architecture: string;
  /** The directory beside the manifest that holds the files `kernel` and `initrd`. */
  readonly directory: string;
  /** The kernel command line to boot it with. */
  readonly append: string;
  /** Versions of the packages it was built from, by package name. */
  readonly packages: Readonly<Record<string, string>>;
  /** When it was built, ISO 8601 UTC. */
  readonly built: string;
  /** Bytes of kernel and initrd together. */
  readonly bytes: number;
}

/** Reads a manifest; undefined for anything that is not one of the current version. */
export function parseManifest(json: string): Manifest | undefined {
  let value: Partial<Manifest> | null;
  try {
    value = JSON.parse(json) as Partial<Manifest> | null;
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== 'object' || value.version !== MANIFEST_VERSION) return undefined;
  const { name, architecture, directory, append, packages, built, bytes } = value;
  const isText = (field: unknown): field is string => typeof field === 'string';
  if (!isText(name) || !isText(architecture) || !isText(directory) || !isText(append) || !isText(built))
    return undefined;
  if (directory.includes('/') || typeof bytes !== 'number' || typeof packages !== 'object') return undefined;
  return { version: MANIFEST_VERSION, name, architecture, directory, append, packages, built, bytes };
}
