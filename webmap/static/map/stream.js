/** The page's end of the event stream: through the shared worker where there is one, else its own connection. */

import { EventStream } from "./stream-core.js";

/** @typedef {import("./stream-core.js").StreamMessage} StreamMessage */
/** @typedef {{nudge: () => void, restart: () => void}} StreamHandle */

/**
 * Listen to the town's events.
 *
 * @param {(message: StreamMessage) => void} listen
 * @returns {StreamHandle}
 */
export function openStream(listen) {
  const handle = typeof SharedWorker === "function" ? shared(listen) : own(listen);
  window.addEventListener("online", () => handle.nudge());
  return handle;
}

/** @param {(message: StreamMessage) => void} listen @returns {StreamHandle} */
function shared(listen) {
  let worker;
  try {
    worker = new SharedWorker(new URL("./stream-worker.js", import.meta.url), { type: "module", name: "onegrid-events" });
  } catch {
    return own(listen);
  }
  const { port } = worker;
  /** @type {StreamHandle} */
  let handle = { nudge: () => port.postMessage("nudge"), restart: () => port.postMessage("restart") };
  port.onmessage = ({ data }) => listen(data);
  // A worker that cannot load (an old browser, a proxy) must not leave the map deaf.
  worker.onerror = () => Object.assign(handle, own(listen));
  setInterval(() => port.postMessage("here"), 30_000);
  window.addEventListener("pagehide", () => port.postMessage("bye"));
  window.addEventListener("pageshow", (event) => event.persisted && port.postMessage("here"));
  return handle;
}

/** @param {(message: StreamMessage) => void} listen @returns {StreamHandle} */
function own(listen) {
  let stream = new EventStream("/api/v1/events", listen);
  stream.run();
  return {
    nudge: () => stream.nudge(),
    restart: () => {
      stream.stop();
      stream = new EventStream("/api/v1/events", listen);
      stream.run();
    },
  };
}
