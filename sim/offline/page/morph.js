/**
 * Makes shown elements as wanted with the fewest changes: what stays keeps its focus, its place,
 * and plays on. Elements with a data-key are known by it; others by their place and name.
 */
export function morphChildren(shown, wanted) {
  const children = [...wanted.childNodes];
  const keyed = new Map([...shown.children].map((child) => [child.dataset.key, child]));
  const stays = new Set(children.map((child) => child.dataset?.key));
  let at = shown.firstChild;
  const drop = () => {
    const next = at.nextSibling;
    at.remove();
    at = next;
  };
  for (const child of children) {
    const key = child.dataset?.key;
    while (at?.dataset?.key !== undefined && !stays.has(at.dataset.key)) drop();
    const known = key === undefined ? undefined : keyed.get(key);
    if (known !== undefined) {
      if (known === at) at = at.nextSibling;
      else shown.insertBefore(known, at);
      morph(known, child);
    } else if (key === undefined && at !== null && at.dataset?.key === undefined && isAlike(at, child)) {
      const next = at.nextSibling;
      morph(at, child);
      at = next;
    } else {
      shown.insertBefore(child, at);
    }
  }
  while (at !== null) drop();
}

function isAlike(one, other) {
  return one.nodeName === other.nodeName;
}

function morph(shown, wanted) {
  if (!isAlike(shown, wanted)) return shown.replaceWith(wanted);
  if (shown.nodeType === Node.TEXT_NODE) {
    if (shown.data !== wanted.data) shown.data = wanted.data;
    return;
  }
  // Whoever looks opened it.
  const isOpen = shown.nodeName === 'DETAILS' && shown.open;
  for (const { name } of [...shown.attributes]) {
    if (!wanted.hasAttribute(name)) shown.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  if (isOpen) shown.open = true;
  morphChildren(shown, wanted);
}
