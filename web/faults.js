// Show the page's own errors. This file loads first and imports nothing, so it works when others fail.

addEventListener('error', (event) => {
  const { target } = event;
  const file = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
  const address = file && (target.getAttribute('src') ?? target.getAttribute('href'));
  show(address ? `${address} did not load` : event.message);
}, { capture: true }); // the error of a file that does not load does not bubble
addEventListener('unhandledrejection', (event) => show(String(event.reason)));

/** @param {string} what */
function show(what) {
  const notice = document.getElementById('fault');
  if (!notice) return;
  notice.textContent = `This page has a defect; do not trust it: ${what}. Reload it.`;
  notice.hidden = false;
}
