/** What a small map does about tiles that do not come. */

/**
 * Tiles that a lost line keeps back come when it is there again, and the page says that it is lost; everything else is for the console.
 * @param {any} map
 */
export function bearLostLine(map) {
  map.on("error", (/** @type {any} */ { error }) => {
    if (error?.status !== 0) console.error(error);
  });
}
