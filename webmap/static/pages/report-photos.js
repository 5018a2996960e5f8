// The photos of a report: kept in IndexedDB until they are sent, shown small, sent as they are (their position is evidence).
import { newId } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { dropPhoto, dropPhotos, loadPhotos, savePhoto } from "./report-draft.js";

export const MOST = 3;
const MOST_BYTES = 25 * 1024 * 1024;
const MB = 1024 * 1024;
const THUMB_PX = 240;

/** @typedef {import("./report-draft.js").Photo} Photo */

/**
 * @param {HTMLElement} box where the photos stand
 * @param {HTMLElement} fault where a refusal is said
 */
export function photoField(box, fault) {
  /** @type {Photo[]} */
  let photos = [];

  const draw = async () => {
    const shown = await Promise.all(photos.map((photo, index) => tile(photo, index, remove)));
    fill(box, shown, photos.length < MOST && adder(photos.length, add));
  };

  const add = async (/** @type {FileList} */ files) => {
    fault.textContent = "";
    for (const file of [...files].slice(0, MOST - photos.length)) {
      const refusal = refuse(file);
      if (refusal) {
        fault.textContent = refusal;
        continue;
      }
      const photo = { id: newId(), file, name: file.name };
      photos.push(photo);
      await savePhoto(photo);
    }
    await draw();
  };

  const remove = async (/** @type {string} */ id) => {
    photos = photos.filter((photo) => photo.id !== id);
    await dropPhoto(id);
    await draw();
    box.querySelector("input")?.focus();
  };

  return {
    all: () => photos,
    async load() {
      photos = await loadPhotos();
      await draw();
    },
    /** Forget all but these. @param {Photo[]} left */
    async keepOnly(left) {
      const arrived = photos.filter((photo) => !left.includes(photo));
      photos = left;
      await Promise.all(arrived.map((photo) => dropPhoto(photo.id)));
      await draw();
    },
    async clear() {
      photos = [];
      await dropPhotos();
      await draw();
    },
  };
}

/** @param {File} file */
export function refuse(file) {
  if (!file.type.startsWith("image/") && !/\.(heic|heif)$/i.test(file.name)) return t("report.photo_not_image");
  if (file.size > MOST_BYTES) {
    return t("report.photo_too_large", { size: Math.round(file.size / MB), max: MOST_BYTES / MB });
  }
  return null;
}

/**
 * @param {Photo} photo
 * @param {number} index
 * @param {(id: string) => void} remove
 */
async function tile(photo, index, remove) {
  const small = await thumbnail(photo.file);
  const alt = t("report.photo_alt", { n: index + 1, name: photo.name });
  return h(
    "div",
    { class: "photo" },
    small ? h("img", { src: small, alt }) : h("span", null, photo.name),
    h("button", { type: "button", "aria-label": t("report.photo_remove", { n: index + 1 }), onclick: () => remove(photo.id) }, icon("close")),
  );
}

/**
 * A small picture as a data URL; null for a kind that this browser cannot draw (HEIC), which is sent all the same.
 * @param {Blob} file
 */
export async function thumbnail(file) {
  try {
    const image = await createImageBitmap(file, { resizeWidth: THUMB_PX, resizeQuality: "medium" });
    const canvas = h("canvas", { width: image.width, height: image.height });
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    return canvas.toDataURL("image/jpeg", 0.8);
  } catch {
    return null;
  }
}

/**
 * @param {number} taken
 * @param {(files: FileList) => void} add
 */
function adder(taken, add) {
  const input = h("input", {
    type: "file",
    class: "visually-hidden",
    accept: "image/*,.heic,.heif",
    multiple: true,
    onchange: (/** @type {Event} */ event) => {
      const { files } = /** @type {HTMLInputElement} */ (event.currentTarget);
      if (files) add(files);
    },
  });
  const words = h("span", null, t(taken ? "report.photo_more" : "report.photo_add"));
  const counted = taken > 0 && h("small", { class: "quiet" }, t("report.photo_count", { n: taken, max: MOST }));
  return h("label", { class: "photo-add" }, input, icon("camera"), words, counted);
}
