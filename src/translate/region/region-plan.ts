// Which blocks a region is made of, and the shape of its control flow: reverse postorder and dominators, from which
// structured code follows (Ramsey, "Beyond Relooper", ICFP 2022).

/** A decoded block as the region sees it. */
export interface PlannedBlock {
  /** Address of its first record. */
  readonly ip: number;
  /** Instructions that entering it takes from the budget. */
  readonly count: number;
  /** Addresses of the first records that its last record's links lead to; 0: none, or outside of the region. */
  readonly taken: number;
  readonly next: number;
}

/** A block in its place. */
export interface RegionBlock extends PlannedBlock {
  /** Position in reverse postorder. */
  readonly order: number;
  /** Blocks of the region that it may go on to, without duplicates. */
  readonly successors: readonly RegionBlock[];
  /** The blocks that it immediately dominates and that several forward edges reach, the last in order first. */
  readonly merges: readonly RegionBlock[];
  /** A backward edge leads here. */
  readonly isLoop: boolean;
  /** Several forward edges lead here. */
  readonly isMerge: boolean;
}

interface Draft {
  block: PlannedBlock;
  order: number;
  successors: Draft[];
  predecessors: Draft[];
  dominator: Draft | null;
  merges: Draft[];
  isLoop: boolean;
  isMerge: boolean;
  ip: number;
  count: number;
  taken: number;
  next: number;
}

/** The blocks of a region, entry first, in reverse postorder. Edges that would make it irreducible are cut: they leave the region. */
export function planRegion(blocks: readonly PlannedBlock[]): readonly RegionBlock[] {
  const drafts = new Map<number, Draft>();
  for (const block of blocks) {
    drafts.set(block.ip, {
      block,
      order: -1,
      successors: [],
      predecessors: [],
      dominator: null,
      merges: [],
      isLoop: false,
      isMerge: false,
      ip: block.ip,
      count: block.count,
      taken: block.taken,
      next: block.next,
    });
  }
  for (const draft of drafts.values()) {
    for (const ip of new Set([draft.taken, draft.next])) {
      const successor = drafts.get(ip);
      if (successor) draft.successors.push(successor);
      else if (ip === draft.taken) draft.taken = 0;
      if (!drafts.has(draft.next)) draft.next = 0;
    }
  }
  const ordered = reversePostorder(drafts.get(blocks[0]!.ip)!);
  for (const draft of ordered) for (const successor of draft.successors) successor.predecessors.push(draft);
  findDominators(ordered);
  for (const draft of ordered) {
    draft.successors = draft.successors.filter((successor) => {
      if (successor.order > draft.order) return true;
      if (dominates(successor, draft)) {
        successor.isLoop = true;
        return true;
      }
      if (draft.taken === successor.ip) draft.taken = 0;
      if (draft.next === successor.ip) draft.next = 0;
      return false;
    });
  }
  for (const draft of ordered) {
    const forward = ordered.filter((other) => other.order < draft.order && other.successors.includes(draft)).length;
    // A block whose branch leads to one place both ways reaches it twice.
    const twice = ordered.some(
      (other) => other.order < draft.order && other.taken === draft.ip && other.next === draft.ip,
    );
    draft.isMerge = forward > 1 || twice;
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
    for (const successor of draft.successors) if (!seen.has(successor)) visit(successor);
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
