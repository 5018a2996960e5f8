/** The images the map asks for by name, drawn once; those whose look depends on the time are drawn again when it changes. */

import { currentInk } from "./ink.js";
import { donutLate, parseImageName, renderImage } from "./symbols.js";

export class MapImages {
  /** @param {any} map @param {number} now_s seconds since 1970 */
  constructor(map, now_s) {
    this.map = map;
    this.now_s = now_s;
    this.ratio = Math.min(3, Math.max(2, Math.ceil(window.devicePixelRatio)));
    /** @type {Map<string, {spec: import("./symbols.js").DonutSpec, late: number}>} */
    this.timed = new Map();
    map.setMissingStyleImageResolver((/** @type {string} */ name) => this.draw(name));
  }

  /** @param {string} name */
  draw(name) {
    const spec = parseImageName(name);
    if (!spec || this.map.hasImage(name)) return;
    this.map.addImage(name, renderImage(spec, currentInk(), this.now_s, this.ratio), { pixelRatio: this.ratio });
    if (spec.kind === "donut" && spec.deadlines.length) this.timed.set(name, { spec, late: donutLate(spec, this.now_s) });
  }

  /** The clock went on: badges count. @param {number} now_s */
  tick(now_s) {
    this.now_s = now_s;
    for (const [name, image] of this.timed) {
      if (!this.map.hasImage(name)) {
        this.timed.delete(name);
        continue;
      }
      const late = donutLate(image.spec, now_s);
      if (late === image.late) continue;
      image.late = late;
      this.map.updateImage(name, renderImage(image.spec, currentInk(), now_s, this.ratio));
    }
  }

  /** A new style begins without images. */
  forget() {
    this.timed.clear();
  }
}
