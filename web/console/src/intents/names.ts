/** namesOf lists the intents of a catalog in the order in which it has them. */
export function namesOf(yaml: string): string[] {
  return [...yaml.matchAll(/^\s*- name:\s*["']?([^"'#\n]+?)["']?\s*(?:#.*)?$/gm)].map(([, name]) => name!)
}
