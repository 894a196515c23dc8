import type { DocumentItem } from '../api/knowledge'

/** matching keeps the documents whose title, source or address holds every word, of one collection or of all (null). */
export function matching(documents: readonly DocumentItem[], words: string, collection: string | null): DocumentItem[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return documents.filter((one) => {
    if (collection !== null && one.collection !== collection) return false
    const text = `${one.title} ${one.source} ${one.url}`.toLocaleLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

/** collectionsOf lists the collections that the entries are in, in alphabetical order. */
export function collectionsOf(entries: readonly { collection: string }[]): string[] {
  return [...new Set(entries.map((one) => one.collection))].sort((a, b) => a.localeCompare(b))
}
