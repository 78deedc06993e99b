// Guessing what was meant by a word that is not known.

// Damerau-Levenshtein distance (optimal string alignment): letters added, left out, changed, or two neighbours swapped.
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      current.push(least);
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length] ?? 0;
}

/** The known word that `word` most likely is a misspelling of; undefined when none is close. */
export function nearestSpelling(word: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const typed = word.toLowerCase();
    const away = candidate.startsWith(typed) && typed.length > 2 ? 1 : distance(typed, candidate);
    if (away < least && away <= Math.max(1, Math.floor(candidate.length / 3))) [nearest, least] = [candidate, away];
  }
  return nearest;
}

/** "did you mean X?" when a known word is close, and else the given advice. */
export function suggest(word: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestSpelling(word, known);
  return nearest === undefined ? otherwise : `did you mean ${nearest}?`;
}

/** Names as a sentence lists them: `a, b and c`. */
export function listNames(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
