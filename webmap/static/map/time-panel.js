/** The day as a histogram, and the scrubber over it: drag to any moment, play the day, return to live with `L`. */

import { call, query } from "../api.js";
import { fill, find, h, s } from "../dom.js";
import { count, t } from "../i18n.js";
import { day } from "../time.js";
import { binQuarters, barsOf, playStep, scaleOf, usualLine, usualUntil } from "./day-bars.js";
import { dayEnd, dayStart, formatClock, formatMoment, parseMoment } from "./town-clock.js";

/** @typedef {import("./town-data.js").TownData} TownData */

const QUARTER_MS = 900_000;
const TICK_MS = 450;

export class TimePanel {
  /** @param {TownData} data @param {{at: () => number | null, setAt: (at: number | null) => void}} page */
  constructor(data, page) {
    this.data = data;
    this.page = page;
    /** @type {ReturnType<typeof setInterval> | null} */
    this.playing = null;
    /** @type {Map<number, number[]>} bars of days other than today, by their start */
    this.days = new Map();
    const button = (/** @type {string} */ words, /** @type {() => void} */ act) => h("button", { type: "button", class: "button", onclick: act }, t(words));
    this.live = button("map.live", () => this.goLive());
    this.play = button("map.play", () => this.toggle());
    this.date = h("input", { type: "date", class: "input time__date", "aria-label": t("map.replay_day"), onchange: () => this.pickDay() });
    this.slider = h("input", { type: "range", min: 0, step: QUARTER_MS / 60_000, "aria-label": t("map.scrub"), oninput: () => this.scrub() });
    this.thumb = h("span", { class: "time__thumb", "aria-hidden": "true" });
    this.drawing = s("svg", { "aria-hidden": "true" });
    this.chart = h("div", { class: "time__chart" }, this.drawing, this.slider, this.thumb);
    this.title = h("h2", null, t("map.today_bars"));
    fill(find("#time"), h("div", { class: "time__head" }, this.title, this.live, this.play, this.date), this.chart);
    new ResizeObserver(() => this.show()).observe(this.chart);
  }

  /** The day shown: that of the moment shown. */
  day() {
    const at = this.page.at() ?? this.data.now();
    return { start: dayStart(at, this.data.zone), end: dayEnd(at, this.data.zone), at };
  }

  isToday() {
    return this.day().start === dayStart(this.data.now(), this.data.zone);
  }

  bars() {
    const { start } = this.day();
    if (this.isToday()) return this.data.summary?.today ?? [];
    const known = this.days.get(start);
    if (!known) this.loadDay(start);
    return known ?? [];
  }

  /** @param {number} start */
  async loadDay(start) {
    this.days.set(start, []);
    const end = dayEnd(start, this.data.zone);
    const times = [];
    /** @type {string | null} */
    let cursor = null;
    do {
      /** @type {any} */
      const answer = await call(`/api/v1/incidents${query({ from: new Date(start).toISOString(), to: new Date(end).toISOString(), limit: 500, cursor })}`).catch(() => null);
      if (!answer) break;
      times.push(...answer.features.map((/** @type {any} */ feature) => Date.parse(feature.properties.reported_at)));
      cursor = answer.next;
    } while (cursor);
    this.days.set(start, binQuarters(times, start, end));
    this.show();
  }

  show() {
    const { start, end, at } = this.day();
    const replay = this.page.at() !== null;
    this.live.setAttribute("aria-pressed", String(!replay));
    this.play.textContent = t(this.playing ? "map.pause" : "map.play");
    this.title.textContent = this.isToday() ? this.words() : t("map.day_bars", { day: day(new Date(start), new Date(start).getFullYear() !== new Date(this.data.now()).getFullYear()) });
    const { date, slider } = this;
    if (document.activeElement !== date) date.value = formatMoment(start, this.data.zone).slice(0, 10);
    date.max = formatMoment(this.data.now(), this.data.zone).slice(0, 10);
    slider.max = String((end - start) / 60_000);
    slider.value = String(Math.round((at - start) / 60_000));
    slider.setAttribute("aria-valuetext", formatClock(at, this.data.zone));
    this.draw(start, end, at);
  }

  /** @param {number} start @param {number} end @param {number} at */
  draw(start, end, at) {
    const width = this.chart.clientWidth;
    const height = this.chart.clientHeight;
    if (!width || !height) return;
    const base = height - (height > 66 ? 29 : 26);
    const now = Math.min(end, this.data.now());
    const x = (/** @type {number} */ moment) => ((moment - start) / (end - start)) * width;
    const counts = this.bars();
    const bars = barsOf(counts, width, base - 4);
    const hours = [0, 4, 8, 12, 16, 20].map((hour) => start + hour * 3_600_000);
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    fill(
      this.drawing,
      bars.map((bar) => s("rect", { class: "bar-past", x: bar.x, y: base - bar.height - 2, width: bar.width, height: bar.height })),
      this.usual(counts, width, base),
      s("line", { class: "axis", x1: 0, x2: width, y1: base, y2: base }),
      s("line", { class: "axis-done", x1: 0, x2: x(Math.min(at, now)), y1: base, y2: base }),
      hours.map((moment) => [
        s("line", { class: "axis", x1: x(moment), x2: x(moment), y1: base, y2: base + 5 }),
        s("text", { x: x(moment), y: base + 20, "text-anchor": moment === start ? "start" : "middle" }, formatClock(moment, this.data.zone)),
      ]),
      s("line", { class: "axis-done", x1: x(Math.min(at, end)), x2: x(Math.min(at, end)), y1: 4, y2: base }),
      s("text", { x: x(at) + (x(at) > width - 60 ? -8 : 8), y: 14, "text-anchor": x(at) > width - 60 ? "end" : "start" }, this.page.at() === null ? t("map.now") : formatClock(at, this.data.zone)),
    );
    this.thumb.style.insetInlineStart = `${x(at)}px`;
    this.thumb.style.insetBlockEnd = `${height - base - 6}px`;
  }

  /** The usual day behind today's bars. @param {number[]} counts @param {number} width @param {number} base */
  usual(counts, width, base) {
    const usual = this.isToday() ? this.data.summary?.usual?.quarters : null;
    if (!usual) return null;
    const points = usualLine(usual, width, base - 4, scaleOf(counts)).map(([x, height]) => `${x.toFixed(1)},${(base - 2 - height).toFixed(1)}`);
    return s("polyline", { class: "bar-usual", points: points.join(" ") });
  }

  /** Today until now, and what is usual by now on such a day. */
  words() {
    const { summary } = this.data;
    const { start, end } = this.day();
    const usual = this.page.at() === null ? summary?.usual?.quarters : null;
    if (!usual) return t("map.today_bars");
    const share = (this.data.now() - start) / (end - start);
    return t("map.today_usual", { n: count(summary.today_reported), usual: count(usualUntil(usual, share)) });
  }

  scrub() {
    this.stop();
    const { start } = this.day();
    const at = start + Number(this.slider.value) * 60_000;
    this.page.setAt(at >= this.data.now() - QUARTER_MS / 2 ? null : at);
  }

  pickDay() {
    this.stop();
    const at = parseMoment(`${this.date.value}T12:00`, this.data.zone);
    if (at === null) return;
    this.page.setAt(at >= this.data.now() ? null : at);
  }

  /** Step by one quarter of an hour. @param {1 | -1} step */
  step(step) {
    this.stop();
    const at = this.page.at() ?? this.data.now();
    const next = Math.floor(at / QUARTER_MS) * QUARTER_MS + (step > 0 ? QUARTER_MS : at % QUARTER_MS ? 0 : -QUARTER_MS);
    this.page.setAt(next >= this.data.now() ? null : next);
  }

  toggle() {
    if (this.playing) {
      this.stop();
      return;
    }
    const { start } = this.day();
    if (this.page.at() === null) this.page.setAt(start + 6 * 3_600_000 < this.data.now() ? start + 6 * 3_600_000 : start);
    this.playing = setInterval(() => this.advance(), TICK_MS);
    this.show();
  }

  advance() {
    const next = playStep(this.page.at(), this.data.now(), this.day().end, QUARTER_MS);
    if (next === null || next === this.page.at()) this.stop();
    this.page.setAt(next);
  }

  stop() {
    if (this.playing) clearInterval(this.playing);
    this.playing = null;
    this.play.textContent = t("map.play");
  }

  goLive() {
    this.stop();
    this.page.setAt(null);
  }
}
