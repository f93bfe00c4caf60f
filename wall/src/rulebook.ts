/** Versions of rules as `/api/rules` tells them. */

export interface Compared { changed: string[]; class_count: number; possible_count: number; report_digest: string }

export interface Version {
  version: string; title: string; digest: string; from_us: number; until_us: number | null; in_force: boolean; retired: boolean; agreed: boolean;
  written_by: string; why: string; schema: string; files: { name: string; text: string }[];
  policies: Record<string, string>; compared: Compared | null; signed_by: string[];
}

/** Where a version stands, in words. */
export function stateOf(one: Version, clock: (us: number) => string): string {
  if (one.in_force) return 'IN FORCE';
  if (one.retired) return 'retired';
  const from = one.from_us ? clock(one.from_us) : 'at once';
  if (one.agreed) return `signed by two; from ${from}`;
  return one.from_us ? `proposed; not before ${from}` : 'proposed';
}
