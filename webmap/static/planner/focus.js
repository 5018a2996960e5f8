// Drawing a part of the page anew without taking the focus from whoever is in it.

const STOPS = "a[href], button, input, select, textarea, [tabindex]";

/**
 * @param {HTMLElement} element
 * @param {(element: HTMLElement) => void} draw
 */
export function keepFocus(element, draw) {
  const at = [...element.querySelectorAll(STOPS)].indexOf(/** @type {Element} */ (document.activeElement));
  draw(element);
  if (at < 0) return;
  const stops = element.querySelectorAll(STOPS);
  /** @type {HTMLElement | undefined} */ (stops[Math.min(at, stops.length - 1)])?.focus({ preventScroll: true });
}
