import type { Run } from '../api/knowledge'

/** running says whether the run still changes by itself. */
export function running(run: Pick<Run, 'state'> | null): boolean {
  return run?.state === 'queued' || run?.state === 'running'
}

/** percent of the items found so far; a crawl finds more while it reads, so it may fall. */
export function percent({ done, total }: Pick<Run, 'done' | 'total'>): number {
  return total > 0 ? Math.min(100, Math.round((done / total) * 100)) : 0
}
