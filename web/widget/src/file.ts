import type { MessageData } from '@handrail/shared/protocol'
import { fileSize, isPicture } from '@handrail/shared/uploads'
import { el } from './dom'

const PREVIEW_PX = 480

/** Fetch gets a file of this conversation. */
export type Fetch = (id: string) => Promise<Blob>

/** fileView is a file as a button that saves it, below a preview if it is a picture. */
export function fileView({ attachment = '', name = '', media_type, size = 0 }: MessageData, fetch: Fetch): HTMLElement {
  const save = () => fetch(attachment).then((blob) => saveAs(blob, name), () => button.append('✗'))
  const button = el('button', { type: 'button', class: 'file', click: () => void save() }, el('span', {}, name), fileSize(size))
  const box = el('div', { class: 'attachment' }, button)
  // Without its preview a picture is a file like any other.
  if (isPicture(media_type)) fetch(attachment).then((blob) => preview(blob, name)).then((canvas) => box.prepend(canvas), () => {})
  return box
}

/** preview draws the picture on a canvas: the page's own policy may forbid images from any address of ours, or blobs. */
async function preview(blob: Blob, name: string): Promise<HTMLCanvasElement> {
  const picture = await createImageBitmap(blob)
  const scale = Math.min(1, PREVIEW_PX / Math.max(picture.width, picture.height))
  const canvas = el('canvas', { role: 'img', 'aria-label': name })
  canvas.width = picture.width * scale
  canvas.height = picture.height * scale
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return canvas
}

/** saveAs never opens the file: on this page's origin it could do what the page's own scripts may. */
function saveAs(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob)
  el('a', { href, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
