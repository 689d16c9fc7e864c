/**
 * The nearest word to a mistyped one, for "did you mean".
 *
 * @module
 */

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1 each. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** What a word costs that is part of a candidate, and what another first letter costs beside its edit. */
const PART = 1.2, OTHER_FIRST_LETTER = 0.5;

/**
 * The candidate nearest to a word, or null when none is near: more than a third of the letters (at least two)
 * would have to change, and the word is not part of any candidate. The first of equally near ones wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const limit = Math.max(2, Math.floor(word.length / 3));
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    // A typing error seldom hits the first letter: `gpu` is meant for `webgpu` rather than `cpu`, `steps` for `step`.
    const distance = word.length >= 3 && candidate.includes(word)
      ? PART
      : editDistance(word, candidate) + (word[0] === candidate[0] ? 0 : OTHER_FIRST_LETTER);
    if (distance < bestDistance && distance <= limit && distance < word.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
