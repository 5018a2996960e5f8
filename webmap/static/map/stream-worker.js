/**
 * A shared worker that holds one event stream for all tabs of a browser: a wall, two desks and a list in one
 * browser cost the server one connection. A tab says who it shows; a tab of an earlier user hears nothing more.
 */

import { EventStream } from "./stream-core.js";

/** @typedef {{user: string} | "here" | "bye" | "nudge"} Word what a tab may say */

/** @type {Map<MessagePort, number>} port → when it last answered */
const ports = new Map();
/** @type {EventStream | null} */
let stream = null;
/** Whose session the stream was opened with. */
let owner = "";

/** @param {any} message */
function tellAll(message) {
  for (const port of ports.keys()) port.postMessage(message);
}

/** @param {string} user */
function start(user) {
  stream?.stop();
  owner = user;
  stream = new EventStream("/api/v1/events", tellAll);
  stream.run();
}

/** A tab joins. Another user than before: the old tabs stand still, for the cookie is no longer theirs. @param {MessagePort} port @param {string} user */
function join(port, user) {
  if (user !== owner && ports.size) {
    tellAll({ type: "status", status: "ended", since: Date.now(), attempt: 0 });
    ports.clear();
  }
  ports.set(port, Date.now());
  const over = !stream || stream.status.status === "refused" || stream.status.status === "ended";
  if (over || user !== owner) start(user);
  else port.postMessage(/** @type {EventStream} */ (stream).status);
}

/** A closed tab says goodbye; a crashed one stops answering and is dropped, so that the worker does not grow. */
function sweep() {
  const limit = Date.now() - 120_000;
  for (const [port, answered] of ports) if (answered < limit) ports.delete(port);
}

/** @param {MessagePort} port @param {Word} word */
function hear(port, word) {
  if (typeof word === "object") join(port, word.user);
  else if (word === "bye") ports.delete(port);
  else if (!ports.has(port)) return;
  else if (word === "nudge") stream?.nudge();
  if (ports.has(port)) ports.set(port, Date.now());
  sweep();
}

/** @type {any} */ (self).onconnect = (/** @type {MessageEvent} */ event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => hear(port, data);
};
