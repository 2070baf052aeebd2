/** The page's language: its texts, numbers and times. */

import { recall, remember } from './memory.js';
import { LANGUAGES, TEXTS } from './texts.js';

let language = Object.hasOwn(TEXTS, recall('language', '')) ? recall('language', '') : 'uz';

export const languages = LANGUAGES;
export const currentLanguage = () => language;

export function chooseLanguage(wanted) {
  language = wanted;
  remember('language', wanted);
  translatePage();
}

/** A text with its places filled; `n` chooses the plural. */
export function t(key, values = {}) {
  const text = TEXTS[language][key];
  const form =
    typeof text === 'string'
      ? text
      : (text[new Intl.PluralRules(language).select(values.n ?? 0)] ?? text.other);
  return form.replaceAll(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

export const hasText = (key) => Object.hasOwn(TEXTS[language], key);

/** A chat's title; those that offline mode begins with have one in each language. */
export const titled = (title) => (hasText(`title:${title}`) ? t(`title:${title}`) : title);

/** Why something failed; what has no words of ours is in the terminal. */
export function refusal(code) {
  const key = `refused:${code}`;
  return t(hasText(key) ? key : 'failed');
}

/**
 * Fills what page.html marks: data-text, data-label (for screen readers), data-hint (placeholder),
 * data-title (what the browser says of a wrong form).
 */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]'))
    element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', t(element.dataset.label));
    if (element.matches('button, label')) element.title = t(element.dataset.label);
  }
  for (const element of document.querySelectorAll('[data-title]')) element.title = t(element.dataset.title);
  for (const element of document.querySelectorAll('[data-hint]'))
    element.placeholder = t(element.dataset.hint);
}

/** As the bot writes sizes: decimal units, one decimal. */
export function size(bytes) {
  if (bytes < 1_000) return `${bytes} ${t('bytes')}`;
  const [unit, divisor] =
    bytes < 1e6 ? ['kilobytes', 1e3] : bytes < 1e9 ? ['megabytes', 1e6] : ['gigabytes', 1e9];
  const number = (bytes / divisor).toFixed(1);
  return `${language === 'en' ? number : number.replace('.', ',')} ${t(unit)}`;
}

/** Undefined: the browser's own. */
let zone;

/** The zone in which the bot says times. */
export function useZone(name) {
  zone = name;
}

function partsOf(date) {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
}

/** Hours and minutes, with 24 hours in every language. */
export function clockTime(date) {
  const { hour, minute } = partsOf(date);
  return `${hour}:${minute}`;
}

/** Browsers know no Uzbek months, so the texts do. */
function dateOf(key, date) {
  const { day: dd, month: mm } = partsOf(date);
  const month = t('months').split(' ')[Number(mm) - 1];
  return t(key, { day: Number(dd), month, dd, mm });
}

export function dayAndTime(date) {
  return `${dateOf('date', date)}, ${clockTime(date)}`;
}

/** The time today, the day before that. */
export function shortTime(date) {
  const dayOf = ({ year, month, day }) => `${year}-${month}-${day}`;
  const isToday = dayOf(partsOf(date)) === dayOf(partsOf(new Date()));
  return isToday ? clockTime(date) : dateOf('shortDate', date);
}

/** Of a video: 3:05. */
export function playTime(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
