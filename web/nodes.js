// The page's elements: found or loudly missed, and written only where they change.

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
 * A copy of a template's one element.
 * @param {string} id
 */
export function copy(id) {
  const { content } = find(document, `template#${id}`, HTMLTemplateElement);
  const element = document.importNode(content, true).firstElementChild;
  if (!(element instanceof HTMLElement)) throw new Error(`the template ${id} is empty`);
  return element;
}

/**
 * Writing what is there already would wake screen readers and the layout for nothing.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
