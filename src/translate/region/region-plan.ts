// The shape of a region's control flow: reverse postorder and dominators, from which structured code follows (Ramsey,
// "Beyond Relooper", ICFP 2022).

/** A decoded block as the region sees it. */
export interface PlannedBlock {
  /** Address of its first record. */
  readonly ip: number;
  /** Addresses of the first records that it may lead to; 0: out of the region. */
  readonly targets: readonly number[];
}

/** A block in its place. */
export interface RegionBlock {
  readonly ip: number;
  /** Position in reverse postorder. */
  readonly order: number;
  /** Where each target of the planned block is; null: out of the region. */
  readonly edges: readonly (RegionBlock | null)[];
  /** The blocks that it immediately dominates and that several forward edges reach, the last in order first. */
  readonly merges: readonly RegionBlock[];
  /** A backward edge leads here. */
  readonly isLoop: boolean;
  /** Several forward edges lead here. */
  readonly isMerge: boolean;
}

interface Draft {
  readonly ip: number;
  order: number;
  edges: (Draft | null)[];
  readonly predecessors: Draft[];
  dominator: Draft | null;
  readonly merges: Draft[];
  isLoop: boolean;
  isMerge: boolean;
}

/** The blocks that the first one reaches, that one first, in reverse postorder. Edges that would make the region irreducible are cut: they leave it. */
export function planRegion(blocks: readonly PlannedBlock[]): readonly RegionBlock[] {
  const drafts = new Map<number, Draft>();
  for (const { ip } of blocks) {
    drafts.set(ip, {
      ip,
      order: -1,
      edges: [],
      predecessors: [],
      dominator: null,
      merges: [],
      isLoop: false,
      isMerge: false,
    });
  }
  for (const { ip, targets } of blocks) drafts.get(ip)!.edges = targets.map((target) => drafts.get(target) ?? null);
  const ordered = reversePostorder(drafts.get(blocks[0]!.ip)!);
  for (const draft of ordered) for (const target of draft.edges) target?.predecessors.push(draft);
  findDominators(ordered);
  for (const draft of ordered) {
    draft.edges = draft.edges.map((target) => {
      if (target === null || target.order > draft.order) return target;
      if (!dominates(target, draft)) return null;
      target.isLoop = true;
      return target;
    });
  }
  for (const draft of ordered) {
    // An edge for each way: a branch that leads to one place both ways reaches it twice.
    const forward = draft.predecessors.filter(({ order }) => order < draft.order).length;
    draft.isMerge = forward > 1;
    if (draft.isMerge) draft.dominator!.merges.push(draft);
  }
  for (const draft of ordered) draft.merges.sort((a, b) => b.order - a.order);
  return ordered;
}

function reversePostorder(entry: Draft): Draft[] {
  const finished: Draft[] = [];
  const seen = new Set<Draft>();
  const visit = (draft: Draft): void => {
    seen.add(draft);
    for (const target of draft.edges) if (target !== null && !seen.has(target)) visit(target);
    finished.push(draft);
  };
  visit(entry);
  finished.reverse();
  finished.forEach((draft, order) => (draft.order = order));
  return finished;
}

/** Immediate dominators (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm"). */
function findDominators(ordered: readonly Draft[]): void {
  const entry = ordered[0]!;
  entry.dominator = entry;
  for (let changed = true; changed;) {
    changed = false;
    for (const draft of ordered) {
      if (draft === entry) continue;
      let dominator: Draft | null = null;
      for (const predecessor of draft.predecessors) {
        if (predecessor.dominator === null) continue;
        dominator = dominator === null ? predecessor : common(dominator, predecessor);
      }
      if (draft.dominator !== dominator) {
        draft.dominator = dominator;
        changed = true;
      }
    }
  }
}

function common(a: Draft, b: Draft): Draft {
  while (a !== b) {
    if (a.order > b.order) a = a.dominator!;
    else b = b.dominator!;
  }
  return a;
}

function dominates(dominator: Draft, draft: Draft): boolean {
  for (let at = draft; ; at = at.dominator!) {
    if (at === dominator) return true;
    if (at.dominator === at) return false;
  }
}
