import { DAYS, type Day, type Schedule } from '../api/settings'

const WORKDAYS: Day[] = ['mon', 'tue', 'wed', 'thu', 'fri']

/** newSchedule proposes a usual week where the reader is. */
export function newSchedule(name: string): Schedule {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return { name, timezone: timeZone, week: WORKDAYS.map((day) => ({ day, from: '09:00', to: '18:00' })), holidays: [] }
}

/** timezones are those that the browser knows, to choose from. */
export function timezones(): string[] {
  return typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
}

export type Trouble = 'name' | 'twice' | 'timezone' | 'span' | 'date'

/** troubleOf is the first thing that the server would refuse, or "". */
export function troubleOf(schedule: Schedule, all: Schedule[]): Trouble | '' {
  if (!schedule.name.trim()) return 'name'
  if (all.filter((one) => one.name.trim() === schedule.name.trim()).length > 1) return 'twice'
  if (!knownZone(schedule.timezone)) return 'timezone'
  if (schedule.week.some(({ from, to }) => !from || !to || from >= to)) return 'span'
  return schedule.holidays.some(({ date }) => !/^\d{4}-\d\d-\d\d$/.test(date)) ? 'date' : ''
}

/** inOrder sorts a week by day and time. */
export function inOrder(schedule: Schedule): Schedule {
  const week = [...schedule.week].sort((a, b) => DAYS.indexOf(a.day) - DAYS.indexOf(b.day) || (a.from < b.from ? -1 : 1))
  const holidays = [...schedule.holidays].sort((a, b) => (a.date < b.date ? -1 : 1))
  return { ...schedule, name: schedule.name.trim(), week, holidays }
}

function knownZone(timeZone: string): boolean {
  try {
    return !!timeZone && !!new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    return false
  }
}
