/** The clock on the wall, in the town's time, and the word that says when the data are not real. */

import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { lang, t } from "../i18n.js";
import { day } from "../time.js";
import { formatClock } from "./town-clock.js";
import { layoutNow } from "./town-data.js";

/** @param {import("./town-data.js").TownData} data */
export function startWallClock(data) {
  const english = lang === "en";
  const weekday = new Intl.DateTimeFormat(english ? "en-GB" : "zh-CN", { weekday: english ? "short" : "long", timeZone: data.zone });
  const tick = () => {
    const now = data.now();
    find("#wall-time").textContent = formatClock(now, data.zone, true);
    find("#wall-day").textContent = `${day(new Date(now))} ${weekday.format(now)}`;
  };
  tick();
  setInterval(tick, 1000);
}

/** The word that the data are synthetic; always in sight, and what stands above it makes room. */
export function showNotice() {
  const { town } = frame;
  if (!town?.synthetic) return;
  const box = find("#map-notice");
  const tag = t("common.synthetic");
  // Many notices begin with the word on the tag itself.
  const words = town.notice.startsWith(tag) ? town.notice.slice(tag.length).replace(/^[:：,，\s]+/, "") : town.notice;
  // A phone shows the tag alone, and the words on a tap: they would cover a third of its map.
  const rest = h("span", { id: "map-notice-words", hidden: layoutNow() === "phone" }, words);
  const button = h("button", { type: "button", "aria-controls": "map-notice-words", "aria-expanded": String(!rest.hidden), onclick: toggle }, tag);
  function toggle() {
    rest.hidden = !rest.hidden;
    button.setAttribute("aria-expanded", String(!rest.hidden));
  }
  fill(box, button, rest);
  const clocks = find("#map-clocks");
  const measure = new ResizeObserver(() => {
    find("#map-frame").style.setProperty("--notice-height", `${box.offsetHeight}px`);
    find("#map-frame").style.setProperty("--clocks-width", `${clocks.offsetWidth}px`);
  });
  for (const element of [box, clocks]) measure.observe(element);
}
