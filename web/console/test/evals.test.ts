import { describe, expect, it } from 'vitest'
import { message } from '../../shared/test/fakes'
import LineChart from '../src/components/evals/LineChart.vue'
import MetricGrid from '../src/components/evals/MetricGrid.vue'
import { line, place, reach } from '../src/evals/chart'
import { recommendedPoint } from '../src/evals/calibration'
import { changed, draftOf } from '../src/evals/draft'
import { factsOf, factsText, tagsOf } from '../src/evals/facts'
import { byTag, regressed, trend } from '../src/evals/results'
import { pieces } from '../src/intents/entities'
import { formatOf, lineRange } from '../src/intents/file'
import { namesOf } from '../src/intents/names'
import { change, figure, share } from '../src/numbers'
import { mayJudge, mayMakeCases } from '../src/roles'
import { show } from './mount'

describe('charts', () => {
  const box = { left: 10, top: 5, width: 100, height: 50 }

  it('puts the origin at the lower left and never draws outside', () => {
    expect(place({ x: 0, y: 0 }, { x: 1, y: 1 }, box)).toEqual({ x: 10, y: 55 })
    expect(place({ x: 3, y: 2 }, { x: 1, y: 1 }, box)).toEqual({ x: 110, y: 5 })
    expect(place({ x: 1, y: 0 }, { x: 0, y: 0 }, box)).toEqual({ x: 10, y: 55 })
    expect(line([{ x: 0, y: 0 }, { x: 1, y: 1 }], { x: 1, y: 1 }, box)).toBe('M10.0 55.0L110.0 5.0')
    expect(line([], { x: 1, y: 1 }, box)).toBe('')
  })

  it('gives small shares an axis of their own', () => {
    expect([reach([]), reach([0.03]), reach([0.17]), reach([0.3]), reach([0.9])]).toEqual([0.05, 0.05, 0.2, 0.5, 1])
  })

  it('says in words what it shows', () => {
    const series = [{ name: 'Wrong', colour: '#000', points: [{ x: 0, y: 0 }, { x: 1, y: 0.2 }] }]
    const chart = show(LineChart, { series, xLabel: 'Answered', said: 'All answered: 20 % wrong.', mark: { x: 1, y: 0.2, name: 'threshold 0.8' } })
    expect(chart.find('svg').attributes()).toMatchObject({ role: 'img', 'aria-label': 'All answered: 20 % wrong.' })
    expect(chart.find('figcaption').text()).toBe('Wrongthreshold 0.8')
  })
})

describe('results', () => {
  const result = (id: string, tags: string[] | null, pass: boolean) => ({ id, tags, pass }) as never

  it('sums up by tag, the worst first', () => {
    const sums = byTag([result('1', ['a', 'b'], true), result('2', ['a'], false), result('3', null, true)])
    expect(sums).toEqual([{ tag: 'a', cases: 2, passed: 1 }, { tag: '', cases: 1, passed: 1 }, { tag: 'b', cases: 1, passed: 1 }])
  })

  it('does not take case-1 for case-10', () => {
    expect([regressed({ id: 'en-1' }, ['case en-10 passed before: x']), regressed({ id: 'en-10' }, ['case en-10 passed before: x'])]).toEqual([false, true])
  })

  it('traces finished runs only, oldest first', () => {
    const run = (state: string, pass: number) => ({ state, metrics: { pass } }) as never
    const drawn = trend([run('running', 0.1), run('done', 0.9), run('done', 0.7)], { pass: 'P', wrong_answers: 'W' })
    expect(drawn.map(({ name, points }) => [name, points])).toEqual([['P', [{ x: 0, y: 0.7 }, { x: 1, y: 0.9 }]]])
  })

  it('puts the metrics that matter first, and shows those it does not know under their names', () => {
    const grid = show(MetricGrid, { metrics: { novel: 3.14159, 'retrieval_hit@1': 0.5, p50_ms: 12.3, wrong_answers: 0.031, pass: 0.75 } })
    const rows = grid.findAll('.entry').map((one) => one.text())
    expect(rows).toEqual(['Passed75 %', 'Wrong answers3.1 %', 'novel3.142', 'Time of a turn, median12 ms', 'Right source first50 %'])
  })
})

describe('cases', () => {
  it('reads facts as they are written', () => {
    const facts = [['2–3', '2 to 3'], ['free']]
    expect(factsOf(`${factsText(facts)}\n\n | \n`)).toEqual(facts)
    expect(tagsOf('a, b，b  c')).toEqual(['a', 'b', 'c'])
  })

  const visitor = { kind: 'visitor' } as const
  const cited = { n: 1, title: 'Lamps', heading: 'Mending' }
  const talk = [
    message(1, { sender: visitor, body: 'hi' }),
    message(2, { body: 'hello' }),
    message(3, { sender: visitor, body: 'do you' }),
    message(4, { sender: visitor, body: 'mend lamps?' }),
    message(5, { body: 'Yes [1].', data: { citations: [cited, cited] } }),
    message(6, { sender: visitor, body: 'thanks' }),
  ]
  const passages = [{ title: 'Lamps', heading: '', text: '', score: 2, source: 'en/a.md' }, { ...cited, text: '', score: 1, source: 'en/b.md' }]

  it('drafts what the visitor asked in a row and what the answer cites, by its source', () => {
    expect(draftOf({ seq: 4, decision: 'answer', passages }, talk)).toEqual({ question: 'do you\nmend lamps?', decision: 'answer', sources: ['en/b.md'], facts: [], tags: [] })
    expect(draftOf({ seq: 4, decision: 'handoff', passages }, talk).sources).toEqual([])
  })

  it('sends only what was edited', () => {
    const draft = draftOf({ seq: 4, decision: 'answer', passages }, talk)
    expect(changed({ ...draft, sources: ['en/b.md'], tags: ['lamps'] }, draft)).toEqual({ tags: ['lamps'] })
  })
})

it('marks the point of the curve at the recommended threshold', () => {
  const at = (threshold: number, coverage: number) => ({ threshold, coverage, risk: coverage / 10, wrong: 0, answered: 0 })
  const curve = [at(0.9, 0.2), at(0.8, 0.5)]
  expect(recommendedPoint({ curve, recommended: { target: 0.03, threshold: 0.81, coverage: 0.5 } })).toEqual({ x: 0.5, y: 0.05 })
  expect(recommendedPoint({ curve, recommended: { target: 0.03, threshold: null, coverage: 0 } })).toBeUndefined()
  expect(recommendedPoint({ curve: null, recommended: null })).toBeUndefined()
})

describe('examples', () => {
  it('tells the format by the ending', () => {
    expect(['a.b.YML', 'x.csv', 'x.ndjson', 'x.xlsx', 'yaml'].map(formatOf)).toEqual(['yaml', 'csv', 'jsonl', null, 'yaml'])
  })

  it('finds lines, the last and those that are not there as well', () => {
    expect([lineRange('ab\ncd\n', 2), lineRange('ab\ncd', 2), lineRange('ab', 9)]).toEqual([[3, 5], [3, 5], [0, 2]])
  })

  it('cuts a message at its details, each time at the next place', () => {
    const one = { type: 'date', text: '5/1', value: '2030-05-01' }
    expect(pieces('from 5/1 to 5/1', [one, one]).map(({ text, entity }) => [text, !!entity])).toEqual([
      ['from ', false], ['5/1', true], [' to ', false], ['5/1', true],
    ])
    expect(pieces('none', [{ ...one, text: '' }])).toEqual([{ text: 'none' }])
  })

  it('lists the intents of a catalog and nothing else', () => {
    expect(namesOf("intents:\n  - name: a_b\n    label:\n      name: no\n  - name: 'c d'\nout_of_scope:\n  en:\n    - 'my name: Kim'\n")).toEqual(['a_b', 'c d'])
  })
})

it('writes shares and their changes', () => {
  expect([share(0.1234), share(1), share(null), share(undefined)]).toEqual(['12.3 %', '100 %', '–', '–'])
  expect([change(0.5, 0.525), change(0.5, 0.4), change(0.5, 0.5001)]).toEqual(['+2.5', '−10', '±0'])
  expect([figure(0.03214), figure(null)]).toEqual(['0.032', '–'])
})

it('lets those judge who answer visitors, and those make cases who do not only inspect', () => {
  const roles = ['admin', 'agent', 'quality_inspector', 'knowledge_manager'] as const
  expect(roles.filter((role) => mayJudge({ role }))).toEqual(['admin', 'agent'])
  expect(roles.filter((role) => mayMakeCases({ role }))).toEqual(['admin', 'agent', 'knowledge_manager'])
})
