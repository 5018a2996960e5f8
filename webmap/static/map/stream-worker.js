/**
 * A shared worker that holds one event stream for all tabs of a browser: a wall, two desks and a list in one
 * browser cost the server one connection.
 */

import { EventStream } from "./stream-core.js";

/** @type {Map<MessagePort, number>} port → when it last answered */
const ports = new Map();
/** @type {EventStream | null} */
let stream = null;

/** @param {any} message */
function tellAll(message) {
  for (const port of ports.keys()) port.postMessage(message);
}

function start() {
  stream = new EventStream("/api/v1/events", tellAll);
  stream.run();
}

/** A closed tab says goodbye; a crashed one stops answering and is dropped, so that the worker does not grow. */
function sweep() {
  const limit = Date.now() - 120_000;
  for (const [port, answered] of ports) if (answered < limit) ports.delete(port);
}

/** @param {MessagePort} port @param {any} message */
function hear(port, message) {
  ports.set(port, Date.now());
  if (message === "bye") ports.delete(port);
  else if (message === "nudge" && stream) stream.nudge();
  else if (message === "restart") restart();
  sweep();
}

/** After a new login: the old stream speaks for the old user. */
function restart() {
  stream?.stop();
  start();
}

/** @type {any} */ (self).onconnect = (/** @type {MessageEvent} */ event) => {
  const port = event.ports[0];
  ports.set(port, Date.now());
  port.onmessage = ({ data }) => hear(port, data);
  if (!stream || stream.status.status === "refused" || stream.status.status === "ended") restart();
  else port.postMessage(stream.status);
};
