import { describe, expect, it } from 'vitest'
import { render, safeURL, sourceLabel } from '../src/markdown'

function html(source: string, citations?: Parameters<typeof render>[1]): string {
  const box = document.createElement('div')
  box.append(render(source, citations, 'https://shop.test'))
  return box.innerHTML.replaceAll(' target="_blank" rel="noopener noreferrer nofollow"', '')
}

describe('render', () => {
  it.each([
    ['two\nlines', '<p>two<br>lines</p>'],
    ['one\n\ntwo', '<p>one</p><p>two</p>'],
    ['**bold** and `code`', '<p><strong>bold</strong> and <code>code</code></p>'],
    ['- a\n- **b**', '<ul><li>a</li><li><strong>b</strong></li></ul>'],
    ['3. c\n4. d', '<ol start="3"><li>c</li><li>d</li></ol>'],
    ['## Title', '<p><strong>Title</strong></p>'],
    ['> said', '<blockquote>said</blockquote>'],
    ['```\n**raw**\n\n x\n```\nafter', '<pre>**raw**\n\n x</pre><p>after</p>'],
    ['[site](https://a.test/b)', '<p><a href="https://a.test/b">site</a></p>'],
    ['see https://a.test/b.', '<p>see <a href="https://a.test/b">https://a.test/b</a>.</p>'],
    ['参见https://a.test/b。谢谢', '<p>参见<a href="https://a.test/b">https://a.test/b</a>。谢谢</p>'],
    ['2 * 3 ** 4', '<p>2 * 3 ** 4</p>'],
  ])('%j', (source, expected) => {
    expect(html(source)).toBe(expected)
  })

  it('turns marks of known citations into links and leaves other brackets alone', () => {
    const citations = [{ n: 1, title: 'Delivery', url: '/help/delivery' }]
    expect(html('yes [1], no [2]', citations)).toBe(
      '<p>yes <sup><a href="https://shop.test/help/delivery" title="Delivery" aria-label="1: Delivery">1</a></sup>, no [2]</p>',
    )
  })

  it('marks a citation without an address as text', () => {
    expect(html('yes [1]', [{ n: 1, title: 'Delivery' }])).toBe('<p>yes <sup>[1]</sup></p>')
  })

  it.each([
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '[x](javascript:alert(1))',
    '[x](data:text/html,hi)',
    '**<b onmouseover=alert(1)>**',
    '`<svg onload=alert(1)>`',
    '"><iframe src=//evil.test>',
    '[<img src=x onerror=alert(1)>](https://a.test)',
  ])('keeps %j as text', (attack) => {
    const box = document.createElement('div')
    box.append(render(attack, [{ n: 1, title: '"><script>', url: 'javascript:alert(1)' }]))
    expect(box.querySelectorAll('img,script,svg,iframe,b,[onerror],[onload],[onmouseover]')).toHaveLength(0)
    for (const link of box.querySelectorAll('a')) expect(link.protocol).toMatch(/^https?:$/)
    const plain = (text: string) => text.replaceAll(/\*\*|`/g, '')
    if (!attack.includes('](https')) expect(plain(box.textContent!)).toBe(plain(attack))
  })

  it('stays fast on hostile input', () => {
    const started = performance.now()
    for (const piece of ['**', '[', '`', '[a](', 'https://', '> ', '- ']) render(piece.repeat(4000))
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

describe('safeURL', () => {
  it.each([
    ['https://a.test/x', 'https://a.test/x'],
    ['/help', 'https://shop.test/help'],
    ['javascript:alert(1)', null],
    ['JaVaScRiPt:alert(1)', null],
    ['file:///etc/passwd', null],
    ['', null],
    [undefined, null],
  ])('%j', (address, expected) => {
    expect(safeURL(address, 'https://shop.test')).toBe(expected)
  })
})

it('names a source by title and headings without repeating the title', () => {
  expect(sourceLabel({ title: 'Returns', heading: 'Returns > Refunds > Time' })).toBe('Returns › Refunds › Time')
  expect(sourceLabel({ title: 'Returns', heading: '' })).toBe('Returns')
  expect(sourceLabel({ title: 'Manual', page: 3 }, '第 {n} 页')).toBe('Manual, 第 3 页')
})
