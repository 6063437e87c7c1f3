"use strict";
// What a button of the theme is called is what stands on it (WCAG 2.5.3).
for (const named of document.querySelectorAll(
  ".search-button__button, details > summary[aria-label]"
)) {
  if (named.textContent.trim()) named.removeAttribute("aria-label");
}
