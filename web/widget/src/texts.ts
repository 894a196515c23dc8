const en = {
  open: 'Open chat',
  openUnread: 'Open chat, {n} new',
  close: 'Close chat',
  title: 'Help',
  log: 'Messages',
  compose: 'Your message',
  placeholder: 'Write a message…',
  send: 'Send',
  person: 'Talk to a person',
  you: 'You',
  bot: 'Assistant',
  agent: 'Support',
  ai: 'AI',
  sources: 'Sources',
  suggestions: 'Suggested questions',
  choices: 'Possible answers',
  typing: '{name} is writing…',
  sending: 'Sending…',
  notSent: 'Not sent: {reason}',
  again: 'Try again',
  connecting: 'Connecting…',
  waiting: 'Connection lost. Your messages are kept and sent when it is back.',
  refused: 'The chat cannot be opened: {reason}',
  queued: 'You are in the queue for a person.',
  position: 'You are number {n} in the queue.',
  waitShort: 'Expected wait: less than a minute.',
  wait: 'Expected wait: about {m} min.',
  handoff: 'A person will take over. You can keep writing meanwhile.',
  assigned: '{name} has joined the conversation.',
  returned: 'The assistant is answering again.',
  closed: 'The conversation was closed. Write again at any time.',
  csat: 'You rated this conversation {n} of 5. Thank you!',
  rate: 'How was this conversation?',
  rate1: '1, very bad',
  rate2: '2, bad',
  rate3: '3, fair',
  rate4: '4, good',
  rate5: '5, very good',
  comment: 'Anything to add? (optional)',
  submit: 'Send rating',
  today: 'Today',
  yesterday: 'Yesterday',
}

export type Texts = typeof en

const zh: Texts = {
  open: '打开聊天',
  openUnread: '打开聊天，{n} 条新消息',
  close: '关闭聊天',
  title: '帮助',
  log: '消息',
  compose: '您的消息',
  placeholder: '输入消息…',
  send: '发送',
  person: '转人工',
  you: '您',
  bot: '智能助手',
  agent: '客服',
  ai: 'AI',
  sources: '来源',
  suggestions: '常见问题',
  choices: '可选项',
  typing: '{name}正在输入…',
  sending: '发送中…',
  notSent: '未发送：{reason}',
  again: '重试',
  connecting: '连接中…',
  waiting: '连接已断开。您的消息已保存，恢复后会自动发送。',
  refused: '无法打开聊天：{reason}',
  queued: '正在为您排队等待人工客服。',
  position: '您排在第 {n} 位。',
  waitShort: '预计等待不到 1 分钟。',
  wait: '预计等待约 {m} 分钟。',
  handoff: '将由人工客服为您服务，等待时您可以继续留言。',
  assigned: '{name}已加入对话。',
  returned: '现在由智能助手继续为您服务。',
  closed: '对话已结束。您可以随时再次留言。',
  csat: '您的评分是 {n}/5，谢谢！',
  rate: '您对本次服务满意吗？',
  rate1: '1，很不满意',
  rate2: '2，不满意',
  rate3: '3，一般',
  rate4: '4，满意',
  rate5: '5，非常满意',
  comment: '还有什么想说的吗？（选填）',
  submit: '提交评分',
  today: '今天',
  yesterday: '昨天',
}

export const tables = { en, zh }
export type Lang = keyof typeof tables

/** pickLang maps a language tag such as "zh-CN" to a table, English where there is none. */
export function pickLang(tag: string | undefined): Lang {
  return tag?.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** fill puts values into the {places} of a text. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place))
}
