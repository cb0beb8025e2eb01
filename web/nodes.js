// The page's elements: found or an error, and written only where they change.

const UNBROKEN = 24; // letters that fit on a line of the narrowest cell

/**
 * @template {Element} E
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} kind
 * @returns {E}
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * Copy a template's only element.
 * @param {string} id
 */
export function copy(id) {
  const { content } = find(document, `template#${id}`, HTMLTemplateElement);
  const element = document.importNode(content, true).firstElementChild;
  if (!(element instanceof HTMLElement)) throw new Error(`the template ${id} is empty`);
  return element;
}

/**
 * Write only what changes, so that screen readers and the layout rest. A text that replaces a text
 * keeps its node: a new one would make the browser match every `:empty` and `:has()` anew.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  const { firstChild: only } = element;
  if (text && only instanceof Text && only === element.lastChild) {
    if (only.data !== text) only.data = text;
  } else if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * Write a name of parts, such as a host, that breaks between them, and inside one only if it must.
 * @param {Element} element
 * @param {string} text
 */
export function writeParts(element, text) {
  if (element.textContent === text) return;
  element.replaceChildren(...text.split(/(?<=[./:@])/).flatMap((part) => {
    const span = document.createElement('span');
    span.textContent = part;
    if (part.length <= UNBROKEN) span.className = 'unbroken';
    return [span, document.createElement('wbr')];
  }));
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
