/** The command map: fetches what it is made of, builds the panels, and connects them. */

import { ApiError, call } from "../api.js";
import { fill, find } from "../dom.js";
import { frame } from "../frame.js";
import { lang, t } from "../i18n.js";
import { failed } from "../parts/states.js";
import { MapPage } from "./page.js";
import { TownData } from "./town-data.js";
import { currentTheme } from "./ink.js";

start();

async function start() {
  const slow = setTimeout(() => showProgress(t("map.starting")), 200);
  try {
    const [me, layers, platforms, style] = await Promise.all([
      call("/api/v1/me"), call("/api/v1/layers"), call("/api/v1/platforms"), call(styleAddress()),
    ]);
    const data = new TownData({ me, layers, platforms });
    await new MapPage(data, style, styleAddress).open();
  } catch (error) {
    showFailure(error);
  } finally {
    clearTimeout(slow);
    find("#map-progress").hidden = true;
  }
}

function styleAddress() {
  return `/api/v1/style?theme=${currentTheme()}&lang=${lang}`;
}

/** @param {string} words */
function showProgress(words) {
  const box = find("#map-progress");
  box.hidden = false;
  fill(box, words);
}

/** @param {unknown} error */
function showFailure(error) {
  const fault = error instanceof ApiError ? error : new ApiError({ code: "page.fault", message: String(error) });
  if (fault.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  if (!(error instanceof ApiError)) console.error(error);
  fill(find("#map"), failed(fault, t("map.start_failed", { town: frame.town?.name ?? "" }), () => location.reload()));
}
