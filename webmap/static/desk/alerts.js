// What came and was not looked at yet: a mark in the title of the page, and the switch of the sound.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { chime, isOn, switchSound } from "../parts/chime.js";

/** A browser lets a page sound only after somebody has pressed something: this is it. */
export function soundSwitch() {
  const press = () => {
    switchSound(!isOn());
    button.setAttribute("aria-pressed", String(isOn()));
    if (isOn()) chime();
  };
  const button = h("button", { type: "button", class: "chip", name: "sound", "aria-pressed": String(isOn()), onclick: press }, t("desk.sound"));
  return button;
}

/**
 * A title with the number of what is new in front.
 * @param {string} title
 * @param {number} n
 */
export function marked(title, n) {
  const plain = title.replace(/^\(\d+\) /, "");
  return n ? `(${n}) ${plain}` : plain;
}
