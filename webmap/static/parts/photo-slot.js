// A place for one photo: from the camera or a file, shown small, kept until it is sent.
import { newId } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { refuse, thumbnail } from "../pages/report-photos.js";
import { photos } from "./action-draft.js";

const FAR_M = 100;

/** @typedef {{id: string, name: string, photo_id?: string, distance_m?: number | null}} Taken */

/**
 * @param {import("./action-spec.js").Field} field
 * @param {{get: () => Taken | undefined, set: (photo: Taken | null) => void}} kept
 */
export function photoSlot({ name, needed }, { get, set }) {
  const box = h("div", { class: "photo-slot__box" });
  const fault = h("p", { class: "field__fault", role: "alert" });
  const distance = h("p", { class: "photo-slot__distance", role: "status" });
  const title = [t(`inbox.field_${name}`), !needed && h("small", { class: "quiet" }, ` ${t("report.optional")}`)];
  const element = h("div", { class: "photo-slot", "data-field": name, role: "group", "aria-label": t(`inbox.field_${name}`) }, h("span", { class: "field__label" }, title), box, distance, fault);

  const take = async (/** @type {File} */ file) => {
    fault.textContent = refuse(file) ?? "";
    if (fault.textContent) return;
    const photo = { id: newId(), file, name: file.name };
    await photos.save(photo);
    set({ id: photo.id, name: file.name });
    await draw();
  };
  const clear = async () => {
    const photo = get();
    set(null);
    if (photo) await photos.drop(photo.id);
    await draw();
    box.querySelector("input")?.focus();
  };
  const say = (/** @type {number | null | undefined} */ metres) => {
    const far = (metres ?? 0) > FAR_M;
    distance.classList.toggle("amber", far);
    distance.textContent = metres == null ? "" : t(far ? "incident.photo_far" : "incident.photo_distance", { n: Math.round(metres) });
  };
  const draw = async () => {
    const photo = get();
    say(photo?.distance_m);
    if (!photo) return fill(box, adder("environment", "camera", "inbox.photo_take"), adder(null, "upload", "inbox.photo_choose"));
    const kept = await photos.get(photo.id);
    const small = kept && (await thumbnail(kept.file));
    const picture = small ? h("img", { src: small, alt: t(`inbox.field_${name}`) }) : h("span", { class: "photo-slot__name" }, photo.name);
    fill(box, picture, h("button", { type: "button", class: "button", onclick: clear }, t("inbox.photo_other")));
  };
  /** @param {string | null} capture @param {string} sign @param {string} words */
  const adder = (capture, sign, words) => {
    const onchange = (/** @type {Event} */ event) => {
      const [file] = /** @type {HTMLInputElement} */ (event.currentTarget).files ?? [];
      if (file) take(file);
    };
    const input = h("input", { type: "file", class: "visually-hidden", accept: capture ? "image/*" : "image/*,.heic,.heif", capture, onchange });
    return h("label", { class: `button photo-slot__add${capture ? " photo-slot__add--camera" : ""}` }, icon(sign), t(words), input);
  };
  draw();
  return { element, clear, say };
}
