// An address field with live candidates: a combobox after the ARIA pattern, arrows to walk, Enter to take, Escape to close.
import { call, query } from "../api.js";
import { fill, h } from "../dom.js";
import { placeAt } from "../place-name.js";

const PAUSE_MS = 250;
const LEAST_CHARACTERS = 2;

/**
 * @typedef {{lon: number, lat: number, label: string, level?: string, score?: number, radius_m?: number, grid?: import("../place-name.js").Named, village?: import("../place-name.js").Named}} Candidate
 */

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {(candidate: Candidate) => void} onTake
 * @param {string} nothing said when no candidate is found
 */
export function addressField(input, list, onTake, nothing) {
  /** @type {Candidate[]} */
  let candidates = [];
  let active = -1;
  let timer = 0;
  /** @type {AbortController | null} */
  let asking = null;

  const show = (/** @type {boolean} */ open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) activate(-1);
  };

  const activate = (/** @type {number} */ index) => {
    active = index;
    [...list.querySelectorAll("[role=option]")].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === index));
      if (i === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  };

  const take = (/** @type {number} */ index) => {
    const candidate = candidates[index];
    if (!candidate) return;
    show(false);
    onTake(candidate);
  };

  const draw = () => {
    const options = candidates.map((candidate, i) =>
      h(
        "li",
        { role: "option", id: `${list.id}-${i}`, "aria-selected": "false", mousedown: (/** @type {Event} */ event) => event.preventDefault(), click: () => take(i) },
        h("span", null, candidate.label),
        h("small", null, placeAt(candidate)),
      ),
    );
    fill(list, options.length ? options : h("li", { class: "candidates__none", role: "presentation" }, nothing));
    show(true);
  };

  const ask = async () => {
    const text = input.value.trim();
    asking?.abort();
    if (text.length < LEAST_CHARACTERS) return show(false);
    asking = new AbortController();
    try {
      const answer = await call(`/api/v1/geocode${query({ q: text })}`, { signal: asking.signal });
      candidates = answer.candidates ?? [];
      draw();
    } catch {
      show(false); // candidates are a help: the text itself is sent all the same
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") activate(Math.min(active + 1, candidates.length - 1));
    else if (event.key === "ArrowUp") activate(Math.max(active - 1, 0));
    else if (event.key === "Enter" && active >= 0) take(active);
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
  });
}
