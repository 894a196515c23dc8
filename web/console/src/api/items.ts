/** Items is the body of a list; the server may send null for an empty one. */
export type Items<T> = { items: T[] | null }

export const items = <T>(page: Items<T>): T[] => page.items ?? []
