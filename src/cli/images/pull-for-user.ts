// Pulling an image with everything around it: progress on standard error, and an end on request.

import { onTermination } from '../../host/node/termination.ts';
import type { ImageRecipe } from './catalogue.ts';
import type { Manifest } from './manifest.ts';
import { Progress } from './progress.ts';
import { pullImage } from './pull.ts';

/** Builds the image into the cache. Throws a UserError when it fails or is interrupted. */
export async function pullForUser(recipe: ImageRecipe): Promise<Manifest> {
  const interruption = new AbortController();
  const signals = onTermination(() => interruption.abort());
  try {
    return await pullImage(recipe, new Progress(process.stderr), interruption.signal);
  } finally {
    signals.dispose();
  }
}
