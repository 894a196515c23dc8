import type { PagesTable } from './en'

export const pagesZh: PagesTable = {
  loading: '加载中…',
  retry: '重试',
  cancel: '取消',
  remove: '删除',
  stale: '内容可能不是最新的。{reason}',
  none: '无',
  ago: { now: '刚刚', minutes: '{n} 分钟前', hours: '{n} 小时前', days: '{n} 天前' },
  pager: { label: '分页', previous: '上一页', next: '下一页', at: '第 {page} 页，共 {pages} 页' },
}
