// Keep the fragment of the wanted address, such as #incident-…: browsers carry it over redirects.

const form = document.querySelector('form');
if (form) form.action += location.hash;
