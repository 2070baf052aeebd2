/** What the page keeps over reloads, where the browser allows it; else until it is closed. */
const shortLived = new Map();

export function recall(name, otherwise) {
  try {
    const text = localStorage.getItem(name) ?? shortLived.get(name);
    return text === undefined || text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  const text = JSON.stringify(value);
  shortLived.set(name, text);
  try {
    localStorage.setItem(name, text);
  } catch {
    // Full, or forbidden.
  }
}
