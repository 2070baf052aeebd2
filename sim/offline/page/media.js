/** Pictures, videos and files of messages. */
import { el } from './dom.js';
import { playTime, size, t } from './words.js';

/** Its place is kept before it is loaded: the styles give the width, these the proportions. */
function place({ width, height }) {
  const [w, h] = width > 0 && height > 0 ? [width, height] : [16, 9];
  return { class: h > w ? 'photo tall' : 'photo', width: w, height: h };
}

/** The element of a message's file; undefined where it has none. */
export function media({ kind, file }) {
  if (file === undefined) return undefined;
  const key = `media ${file.id}`;
  const isPlayable =
    (kind === 'video' || kind === 'animation') && /^video\/(?:mp4|webm)$/.test(file.mime ?? '');
  if (kind === 'photo' && file.href)
    return el('img', { 'data-key': key, src: file.href, alt: t('photo'), ...place(file) });
  if (kind === 'animation' && file.href && file.mime?.startsWith('image/'))
    return el('img', {
      'data-key': key,
      src: file.href,
      alt: t('animation'),
      ...place(file),
    });
  if (isPlayable && file.href)
    return el('video', {
      'data-key': key,
      src: file.href,
      'aria-label': [t(kind), file.name].filter(Boolean).join(': '),
      controls: kind === 'video',
      loop: kind === 'animation',
      autoplay: kind === 'animation',
      muted: kind === 'animation',
      playsinline: true,
      preload: 'metadata',
      ...place(file),
    });
  if (kind === 'document' || file.href) return documentRow(file, key, kind);
  return placeholder(kind, file, key);
}

function documentRow(file, key, kind) {
  const about = [kind === 'document' ? undefined : t(kind), size(file.size)].filter(Boolean).join(' · ');
  const icon = el('span', { class: 'file-icon', 'aria-hidden': 'true' }, '↓');
  const line = el(
    'span',
    {},
    el('span', { class: 'file-name' }, file.name ?? t(kind)),
    el('span', { class: 'muted' }, about),
  );
  return file.href
    ? el('a', { 'data-key': key, class: 'document', href: file.href, download: file.name ?? '' }, icon, line)
    : el('div', { 'data-key': key, class: 'document' }, icon, line);
}

/** Telegram knows the file, and this page has no content of it. */
function placeholder(kind, file, key) {
  const sign = { photo: '🖼', video: '▶', animation: 'GIF' }[kind];
  return el(
    'div',
    { 'data-key': key, class: 'placeholder', title: t('noPreview') },
    el('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
    el(
      'span',
      {},
      [file.name ?? t(kind), kind === 'photo' ? undefined : playTime(file.duration)]
        .filter(Boolean)
        .join(' · '),
    ),
  );
}
