// The server's time as this page knows it: what the page came with, corrected by answers. In a demo it may run faster.
import { frame } from "./frame.js";

/** @typedef {{here: number, there: number, rate: number}} Reading of both clocks at one moment, milliseconds; how fast the server's runs */

/** @type {Reading} */
let reading = { here: Date.now(), there: frame.now ? Date.parse(frame.now) : Date.now(), rate: frame.rate ?? 1 };

/** The server's time at a moment of the browser. @param {Reading} read @param {number} here */
export const timeAt = (read, here) => read.there + (here - read.here) * read.rate;

/** The server's now, milliseconds since 1970. */
export const serverNow = () => timeAt(reading, Date.now());

/** How fast the server's time runs: 1, or faster in a demo, or 0 where it stands. */
export const serverRate = () => reading.rate;

/**
 * An answer told the server's time; it was read halfway between asking and hearing.
 *
 * @param {string} now RFC 3339 @param {number} rate
 * @param {number} asked @param {number} [heard] milliseconds of the browser
 */
export function setTime(now, rate, asked, heard = Date.now()) {
  const there = Date.parse(now);
  if (!Number.isNaN(there) && Number.isFinite(rate)) reading = { here: (asked + heard) / 2, there, rate };
}

/** The header of an answer: `2026-03-17T06:32:00+00:00 60`. @param {string | null} header @param {number} asked */
export function hearTime(header, asked) {
  const [now, rate] = header?.split(" ") ?? [];
  if (now && rate) setTime(now, Number(rate), asked);
}

// A demo that runs sixty times as fast would ask without a pause.
const LEAST_MS = 2_000;

/**
 * Do something again and again, by the server's time.
 *
 * @param {number} ms of the server @param {() => unknown} act
 */
export function every(ms, act) {
  setTimeout(() => {
    act();
    every(ms, act);
  }, Math.max(Math.min(LEAST_MS, ms), ms / Math.max(1, reading.rate)));
}
