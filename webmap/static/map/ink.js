/** Colours of the current theme, read from the page's tokens, for what is drawn on a canvas. */

/** @returns {import("./symbols.js").Ink} */
export function currentInk() {
  const style = getComputedStyle(document.documentElement);
  const token = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    casing: token("--symbol-casing"), warn: token("--amber-ring"), late: token("--late"), panel: token("--panel"),
    text: token("--text-1"), onLate: token("--on-late"),
  };
}

/** @returns {"dark" | "light"} */
export const currentTheme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
