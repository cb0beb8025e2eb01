// Errors of the page itself are shown, not swallowed. Loaded first and importing nothing, so that
// it stands when anything else does not.

addEventListener('error', (event) => {
  const { target } = event;
  const file = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
  const address = file && (target.getAttribute('src') ?? target.getAttribute('href'));
  show(address ? `${address} did not load` : event.message);
}, { capture: true }); // a file that does not load tells its own element only
addEventListener('unhandledrejection', (event) => show(String(event.reason)));

/** @param {string} what */
function show(what) {
  const notice = document.getElementById('fault');
  if (!notice) return;
  notice.textContent = `This page has a fault, do not trust it: ${what}. Reload it.`;
  notice.hidden = false;
}
