/** The page's end of the event stream: through the shared worker where there is one, else its own connection. */

import { EventStream } from "./stream-core.js";

/** @typedef {import("./stream-core.js").StreamMessage} StreamMessage */
/** @typedef {{nudge: () => void}} StreamHandle */

/**
 * Listen to the town's events.
 *
 * @param {string} user whose page this is
 * @param {(message: StreamMessage) => void} listen
 * @returns {StreamHandle}
 */
export function openStream(user, listen) {
  const handle = typeof SharedWorker === "function" ? shared(user, listen) : own(listen);
  window.addEventListener("online", () => handle.nudge());
  return handle;
}

/** @param {string} user @param {(message: StreamMessage) => void} listen @returns {StreamHandle} */
function shared(user, listen) {
  let worker;
  try {
    worker = new SharedWorker(new URL("./stream-worker.js", import.meta.url), { type: "module", name: "onegrid-events" });
  } catch {
    return own(listen);
  }
  const { port } = worker;
  /** @type {StreamHandle} */
  const handle = { nudge: () => port.postMessage("nudge") };
  port.onmessage = ({ data }) => listen(data);
  // A worker that cannot load (an old browser, a proxy) must not leave the map deaf.
  worker.onerror = () => Object.assign(handle, own(listen));
  port.postMessage({ user });
  setInterval(() => port.postMessage("here"), 30_000);
  window.addEventListener("pagehide", () => port.postMessage("bye"));
  // Back from the browser's page cache: what happened meanwhile is not known here, so begin anew.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  return handle;
}

/** @param {(message: StreamMessage) => void} listen @returns {StreamHandle} */
function own(listen) {
  const stream = new EventStream("/api/v1/events", listen);
  stream.run();
  return { nudge: () => stream.nudge() };
}
