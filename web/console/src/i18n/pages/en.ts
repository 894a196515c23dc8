export const pagesEn = {
  loading: 'Loading…',
  retry: 'Try again',
  cancel: 'Cancel',
  remove: 'Remove',
  stale: 'What you see may be out of date. {reason}',
  none: 'none',
  ago: { now: 'just now', minutes: '{n} min ago', hours: '{n} h ago', days: '{n} d ago' },
  pager: { label: 'Pages', previous: 'Previous', next: 'Next', at: 'Page {page} of {pages}' },
}

export type PagesTable = typeof pagesEn
