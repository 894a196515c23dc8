/** SkillRow is one skill of an agent as it is edited; level is 1 to 5. */
export interface SkillRow {
  name: string
  level: number
}

export function skillRows(skills: Record<string, number> | null | undefined): SkillRow[] {
  return Object.entries(skills ?? {}).map(([name, level]) => ({ name, level }))
}

/** skillsOf leaves rows without a name out; of two rows with one name the later counts. */
export function skillsOf(rows: SkillRow[]): Record<string, number> {
  return Object.fromEntries(rows.filter(({ name }) => name.trim()).map(({ name, level }) => [name.trim(), level]))
}

/** words splits a list that people write with commas, Chinese ones too. */
export function words(text: string): string[] {
  return text.split(/[,，、\s]+/).filter(Boolean)
}
