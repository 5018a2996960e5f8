/** The page as a whole: state, panels, map and stream, each told what the others did. */

import { ApiError, call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { listenKeys } from "../parts/keys.js";
import { toast } from "../parts/toast.js";
import { every, setTime } from "../server-time.js";
import { when } from "../time.js";
import { keptLabels } from "./area-labels.js";
import { Callout } from "./callout.js";
import { Connection } from "./connection.js";
import { copyLink, DetailPanel } from "./detail-panel.js";
import { FeedPanel } from "./feed-panel.js";
import { showFigures, showLoop } from "./figures.js";
import { currentTheme } from "./ink.js";
import { openHelp } from "./keys.js";
import { LayersPanel } from "./layers-panel.js";
import { ListPanel } from "./list-panel.js";
import { Listener } from "./listener.js";
import { Live } from "./live.js";
import { MapView } from "./map-view.js";
import { replaySummary, uncounted } from "./replay.js";
import { Pace } from "./pace.js";
import { ReportForm } from "./report-form.js";
import { SearchBox } from "./search-box.js";
import { Selection } from "./selection.js";
import { Store } from "./store.js";
import { openStream } from "./stream.js";
import { TimePanel } from "./time-panel.js";
import { layoutNow } from "./town-data.js";
import { VisibleWalk } from "./visible-walk.js";
import { showNotice, startWallClock } from "./wall-clock.js";

/** @typedef {import("./state.js").MapState} MapState */

const TICK_MS = 20_000;
const SUMMARY_MS = 60_000;
const AGAIN_MS = 3_000;
const REACH_MS = 5_000;
const GATHER_MS = 300;
const GAP_MS = 4_000;
const LEGEND_MS = 30_000;

export class MapPage {
  /** @param {import("./town-data.js").TownData} data @param {any} style @param {() => string} styleAddress */
  constructor(data, style, styleAddress) {
    this.data = data;
    this.style = style;
    this.styleAddress = styleAddress;
    this.store = new Store(data.zone);
    /** Events that came while a replay was shown. */
    this.missed = 0;
    /** The latest figures of now, whatever moment is shown. @type {any} */
    this.summaryNow = null;
    this.paces = {
      summary: new Pace(() => this.summarise(), GATHER_MS, GAP_MS),
      list: new Pace(() => this.list.load(), GATHER_MS, GAP_MS),
      detail: new Pace(() => this.detail.reload(), GATHER_MS, GAP_MS),
    };
    /** @type {{remove: () => void} | null} */
    this.pin = null;
    this.isSettled = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.again = undefined;
    /** @type {import("./stream.js").StreamHandle | null} */
    this.stream = null;
    this.view = this.makeMap();
    this.selection = new Selection(this.view, data, this.store, {
      choose: (found) => this.detail.choose(found), close: () => this.detail.show(null), show: (layer) => this.showLayer(layer),
    });
    this.live = new Live(this.view, data.thematic().map((layer) => layer.id), () => this.reachable());
    this.callout = new Callout(this.view, data, (id) => this.selection.select("incident", id));
    this.walk = new VisibleWalk(this.view, data, (layer, id) => this.selection.feature(layer, id));
    this.layersPanel = this.makeLayersPanel();
    this.list = this.makeList();
    this.feed = new FeedPanel(data, (event) => this.selection.openEvent(event));
    this.detail = this.makeDetail();
    this.time = new TimePanel(data, { at: () => this.store.state.at, setAt: (moment) => this.store.set({ at: moment }) });
    this.search = new SearchBox((hit) => this.selection.goToHit(hit));
    this.form = this.makeForm();
    this.connection = new Connection(data, this.feed, () => this.tryAgain());
    this.listener = this.makeListener();
  }

  async open() {
    await this.view.ready;
    this.feed.show();
    this.listen();
    this.applyState(this.store.state, null);
    showNotice();
    startWallClock(this.data);
    this.stream = openStream(this.data.me.username ?? "", (message) => this.listener.hear(message));
    this.summarise();
    this.listener.seed();
    this.listener.nameAreas();
    every(TICK_MS, () => this.tick());
    every(SUMMARY_MS, () => this.summarise());
    every(LEGEND_MS, () => this.store.state.at === null && this.layersPanel.countLegends());
    // Tests and a curious administrator look at it; nothing in the page reads it.
    Object.assign(window, { onegridMap: this });
  }

  // ---- building -----------------------------------------------------------------------------------------------

  makeMap() {
    const { data, store } = this;
    const labels = keptLabels(data.town.code);
    return new MapView(find("#map"), { style: this.style, layers: data.layers, town: { ...data.town.map, bounds: data.me.home ?? data.town.map.bounds }, view: store.state.view, filter: this.filter(), labels }, {
      moved: (view) => {
        store.set({ view });
        this.layersPanel.moved();
        if (this.list.mode === "view") this.paces.list.askNow();
      },
      picked: (found, at) => this.selection.pick(found, at),
      asked: (at) => this.report(at),
      settled: () => this.settled(),
      failed: (source, message) => this.sourceFailed(source.replace(/~far$/, ""), message),
      progress: (done, all, layer) => this.progress(done, all, layer),
    });
  }

  makeLayersPanel() {
    const { data, store } = this;
    return new LayersPanel(data, {
      on: () => this.on(), platforms: () => store.state.platforms, at: () => store.state.at ?? data.now(), zoom: () => this.view.map.getZoom(),
      setOn: (on) => this.undoable(t("map.undo_layers"), { on }), setPlatforms: (platforms) => this.undoable(t("map.undo_platforms"), { platforms }),
      retry: (layer) => this.retry(layer),
    });
  }

  makeList() {
    const { store } = this;
    return new ListPanel(this.data, {
      platforms: () => store.state.platforms, at: () => store.state.at, bounds: () => this.view.bounds(),
      select: (id, lon, lat) => this.selection.select("incident", id, lon, lat), selected: () => store.state.sel?.id ?? null,
    });
  }

  makeDetail() {
    return new DetailPanel(this.data, {
      at: () => this.store.state.at ?? this.data.now(), close: () => this.selection.clear(), select: (kind, id) => this.selection.feature(kind, id),
      place: (lon, lat) => this.selection.mark(lon, lat), area: () => this.selection.markArea(),
      zoomTo: (lon, lat) => this.view.goTo(lon, lat, 16.5), closed: () => this.selection.unmark(),
    });
  }

  makeListener() {
    const { view, live, feed, callout, connection, store } = this;
    return new Listener(this.data, { view, live, feed, callout, connection }, {
      at: () => store.state.at, selected: () => store.state.sel?.id ?? null, later: (what) => this.later(what), reset: () => this.reset(),
      missed: () => {
        this.missed += 1;
        this.replayFrame(store.state.at);
      },
    });
  }

  makeForm() {
    return new ReportForm({
      pin: (lon, lat) => {
        this.pin?.remove();
        this.pin = this.view.mark("map-pin", lon, lat);
      },
      beside: (lon, lat, dialog) => this.selection.beside(lon, lat, dialog), unpin: () => this.pin?.remove(), centre: () => this.view.centre(),
      done: (id, lon, lat) => this.selection.select("incident", id, lon ?? undefined, lat ?? undefined),
    });
  }

  listen() {
    this.store.watch((state, before, back) => this.applyState(state, before, back));
    for (const button of document.querySelectorAll("[data-tab]")) {
      if (button instanceof HTMLButtonElement && button.dataset.tab !== "report") button.addEventListener("click", () => this.store.set({ tab: button.dataset.tab ?? null }));
    }
    for (const button of document.querySelectorAll("[data-report]")) {
      if (!this.data.may("report")) /** @type {HTMLElement} */ (button).hidden = true;
      button.addEventListener("click", () => this.report(null));
    }
    find("#zoom-in").addEventListener("click", () => this.view.zoomBy(1));
    find("#zoom-out").addEventListener("click", () => this.view.zoomBy(-1));
    find("#zoom-fit").addEventListener("click", () => this.view.fit());
    find("#theme-switch").addEventListener("click", () => this.switchTheme());
    find("#help-open").addEventListener("click", openHelp);
    window.matchMedia("(min-width: 1600px)").addEventListener("change", () => this.applyState(this.store.state, null));
    this.keys();
  }

  keys() {
    const { view } = this;
    listenKeys({
      "/": () => this.search.focus(), "?": openHelp, j: () => this.list.step(1), k: () => this.list.step(-1), n: () => this.report(null),
      c: () => copyLink(), l: () => this.time.goLive(), "[": () => this.time.step(-1), "]": () => this.time.step(1),
      "+": () => view.zoomBy(1), "=": () => view.zoomBy(1), "-": () => view.zoomBy(-1), 0: () => view.fit(),
      ArrowLeft: () => view.panBy(-120, 0), ArrowRight: () => view.panBy(120, 0), ArrowUp: () => view.panBy(0, -120), ArrowDown: () => view.panBy(0, 120),
      Escape: () => this.selection.clear(),
    });
  }

  // ---- state --------------------------------------------------------------------------------------------------

  /** Ids of the layers that are drawn. */
  on() {
    return new Set(this.store.state.on ?? this.data.defaultOn(layoutNow()));
  }

  /** Switch a layer on that a search led to. @param {string} layer */
  showLayer(layer) {
    const on = this.on();
    if (!on.has(layer)) this.store.set({ on: [...on, layer] });
  }

  filter() {
    const { platforms, at } = this.store.state;
    return { on: this.on(), platforms, at };
  }

  /** @param {MapState} state @param {MapState | null} before @param {boolean} [back] */
  applyState(state, before, back = false) {
    const page = find(".map-page");
    const tab = state.tab ?? (layoutNow() === "phone" ? "list" : "layers");
    page.dataset.tab = ["layers", "list", "feed"].includes(tab) ? tab : "layers";
    for (const button of document.querySelectorAll(".panel-tabs [data-tab]")) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.tab === page.dataset.tab));
    const filtered = !before || before.on !== state.on || before.platforms !== state.platforms || before.at !== state.at;
    if (filtered) this.applyFilter(state, before);
    if (!before || before.sel?.id !== state.sel?.id || before.sel?.kind !== state.sel?.kind) {
      this.detail.show(state.sel);
      this.list.mark();
    }
    if (back && state.view) this.view.jump(state.view);
    if (!before && state.help) openHelp();
  }

  /** @param {MapState} state @param {MapState | null} before */
  applyFilter(state, before) {
    this.view.show(this.filter());
    this.view.setNow(state.at ?? this.data.now());
    this.replayFrame(state.at);
    if (before && before.at !== state.at) {
      if (state.at === null) this.missed = 0;
      this.callout.hide();
      if (this.summaryNow) this.data.summary = state.at === null ? this.summaryNow : uncounted(this.summaryNow, this.data, state.at);
      this.paces.summary.askNow();
      this.figures();
    }
    this.layersPanel.show();
    this.layersPanel.countLegends();
    if (state.at === null) this.paces.list.askNow();
    this.time.show();
  }

  /** @param {number | null} at */
  replayFrame(at) {
    const page = find(".map-page");
    page.toggleAttribute("data-replay", at !== null);
    const box = find("#map-replay");
    box.hidden = at === null;
    if (at === null) return;
    const words = t("map.replay_of", { time: when(new Date(at).toISOString(), new Date(this.data.now())) });
    fill(box, h("span", null, words, this.missed ? ` ${t("map.replay_missed", { n: count(this.missed) })}` : ""), h("button", { type: "button", class: "button button--small", onclick: () => this.time.goLive() }, t("map.back_live"), h("kbd", { class: "key" }, "L")));
  }

  /** Change what is drawn, with ten seconds to take it back. @param {string} words @param {Partial<MapState>} patch */
  undoable(words, patch) {
    const { on, platforms } = this.store.state;
    this.store.set(patch);
    toast(words, { label: t("map.undo"), act: () => this.store.set({ on, platforms }) });
  }

  async switchTheme() {
    const theme = currentTheme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("map.theme", theme);
    } catch {
      // The address keeps it for this visit.
    }
    this.store.set({ theme });
    await this.view.restyle(await call(this.styleAddress()));
    this.view.show(this.filter());
    this.layersPanel.show();
    this.list.show();
    this.feed.show();
    this.figures();
  }

  // ---- report -------------------------------------------------------------------------------------------------

  /** @param {{lon: number, lat: number} | null} at */
  report(at) {
    if (this.data.may("report")) this.form.open(at);
  }

  // ---- asking again -------------------------------------------------------------------------------------------

  /** The server no longer knows what we have seen: take everything anew. */
  reset() {
    this.live.all(this.live.layers);
    this.listener.areasChanged();
    this.summarise();
    this.list.load();
    this.detail.reload();
    toast(t("map.reset"));
  }

  /** Events ask again at their pace. @param {"summary" | "list" | "detail"} what */
  later(what) {
    this.paces[what].ask();
  }

  async summarise() {
    const { at } = this.store.state;
    try {
      const asked = Date.now();
      const summary = await call("/api/v1/summary");
      if (summary.now) setTime(summary.now, summary.rate, asked);
      this.summaryNow = summary;
      const past = at === null ? null : await replaySummary(summary, this.data, at);
      // The scrubber may have moved on while the server counted.
      if (at !== this.store.state.at) return;
      this.data.summary = past?.summary ?? summary;
      this.answered();
      if (past) this.list.showPast(past.features);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The stream may be whole while this request was lost: figures must not stay old under a green light.
      if (error.unanswered || error.status >= 500) this.connection.request(false);
      clearTimeout(this.again);
      this.again = setTimeout(() => this.summarise(), AGAIN_MS);
      return;
    }
    this.figures();
  }

  /** Requests are answered again: what failed meanwhile is asked anew. */
  answered() {
    if (!this.connection.unanswered) return;
    this.connection.request(true);
    this.live.mend();
    this.paces.list.askNow();
  }

  /** Whether the server would answer; if not, the figures say so and ask on until it does. */
  async reachable() {
    try {
      await call("/readyz", { timeoutMs: REACH_MS });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!error.unanswered && error.status < 500) return true;
      this.paces.summary.askNow();
      return false;
    }
    return true;
  }

  tryAgain() {
    this.stream?.nudge();
    this.summarise();
  }

  figures() {
    const at = this.store.state.at ?? this.data.now();
    showFigures(this.data, at);
    showLoop(this.data);
    this.layersPanel.show();
    this.time.show();
  }

  // ---- time and messages --------------------------------------------------------------------------------------

  /** What changes with time alone. */
  tick() {
    if (this.store.state.at === null) {
      this.view.setNow(this.data.now());
      this.time.show();
    }
    this.list.show();
    // A row of yesterday evening says its date once midnight has passed.
    if (!this.feed.resting) this.feed.show();
  }

  settled() {
    find("#map-progress").hidden = true;
    for (const layer of this.layersPanel.faults.keys()) if (!this.live.broken.has(layer)) this.layersPanel.setFault(layer, null);
    this.isSettled = true;
  }

  /** @param {number} done @param {number} all @param {string} layer */
  progress(done, all, layer) {
    const box = find("#map-progress");
    if (this.isSettled || done >= all) {
      box.hidden = true;
      return;
    }
    if (performance.now() < 400) return;
    const name = this.data.word(this.data.layers.find((one) => one.id === layer)?.title);
    box.hidden = false;
    fill(box, t("map.progress", { done, all, name }), h("progress", { max: all, value: done, "aria-label": t("map.progress", { done, all, name }) }));
  }

  /** @param {string} layer @param {string} message */
  sourceFailed(layer, message) {
    const known = this.data.layers.find((one) => one.id === layer);
    if (known) this.live.fail(layer);
    // While the line is down the connection band speaks; a fault a layer would say it again and again.
    if (!known || this.connection?.lost) return;
    const status = Number(/\b([45]\d\d)\b/.exec(message)?.[1] ?? 0);
    // One layer may be at fault, or the server: the figures tell.
    if (status === 0 || status >= 500) this.paces.summary.ask();
    if (status) this.layersPanel.setFault(layer, new ApiError({ code: `http.${status}`, message: "", status }));
  }

  /** @param {string} layer */
  retry(layer) {
    this.layersPanel.setFault(layer, null);
    this.live.all([layer]);
  }
}
