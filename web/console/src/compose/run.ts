/** Job is work of the server in the background: a reading of a source, a training, a run of the evals. */
interface Job {
  state: string
  done: number
  total: number
}

/** running says whether the job still changes by itself. */
export function running(job: Pick<Job, 'state'> | null): boolean {
  return job?.state === 'queued' || job?.state === 'running'
}

/** percent of the items found so far; a crawl finds more while it reads, so it may fall. */
export function percent({ done, total }: Pick<Job, 'done' | 'total'>): number {
  return total > 0 ? Math.min(100, Math.round((done / total) * 100)) : 0
}
