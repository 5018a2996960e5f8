// Whether the page is live, in words and a dot; hands on the events of one topic; says what a break cost.
import { fill, find, h, icon } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { openStream } from "../map/stream.js";
import { exactly } from "../time.js";

const RECOVERED_MS = 5_000;

/** @type {Record<string, "live" | "waiting" | "lost">} */
const DOT = { live: "live", connecting: "waiting", lost: "lost", refused: "lost", ended: "lost" };

/**
 * @param {HTMLElement} element the `.live` of the top bar
 * @param {string} topic
 * @param {(event: import("../map/events.js").TownEvent) => void} onEvent called for each event of the topic
 * @param {() => void} onReset called when events were missed for good and everything must be read again
 */
export function liveState(element, topic, onEvent, onReset) {
  element.hidden = false;
  /** @type {"live" | "waiting" | "lost"} */
  let state = "waiting";
  let cut = false; // the browser's own word, long before the stream misses its heartbeat
  const show = () => say(element, cut ? "lost" : state);
  const cutOff = (/** @type {boolean} */ is) => {
    cut = is;
    show();
  };
  window.addEventListener("offline", () => cutOff(true));
  window.addEventListener("online", () => cutOff(false));
  show();
  openStream(frame.viewer?.username ?? "", (message) => {
    if (message.type === "status") {
      state = DOT[message.status];
      show();
      if (message.status === "lost" && message.attempt > 1) showLost(message);
    } else if (message.type === "recovered") {
      showRecovered(message.count);
    } else if (message.type === "reset") {
      onReset();
    } else {
      for (const event of message.events) if (event.topic === topic) onEvent(event);
    }
  });
}

/** @param {HTMLElement} element @param {"live" | "waiting" | "lost"} state */
function say(element, state) {
  element.dataset.state = state;
  fill(find("span", element), t(`state.live_${state}`));
}

/** @param {{since: number, attempt: number}} status */
function showLost({ since, attempt }) {
  const time = exactly(new Date(since).toISOString()).slice(11);
  const words = h("strong", null, t("state.stream_lost", { time }));
  fill(find("#banner"), h("div", { class: "banner banner--lost" }, icon("offline"), words, t("state.stream_attempt", { n: attempt })));
}

/** @param {number} count */
function showRecovered(count) {
  fill(find("#banner"), h("div", { class: "banner banner--back" }, icon("check"), h("strong", null, t("state.recovered", { n: count }))));
  setTimeout(() => fill(find("#banner")), RECOVERED_MS);
}
