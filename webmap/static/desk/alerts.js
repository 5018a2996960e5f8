// What came and was not looked at yet: a mark in the title of the page, and the switch of the sound.
import { fill, icon } from "../dom.js";
import { t } from "../i18n.js";
import { chime, isOn, switchSound } from "../parts/chime.js";

/** A browser lets a page sound only after somebody has pressed something: this is it. @param {HTMLElement} button */
export function soundSwitch(button) {
  const draw = () => {
    fill(button, icon(isOn() ? "bell" : "bell-off"));
    button.setAttribute("aria-pressed", String(isOn()));
    button.title = t(isOn() ? "desk.sound_on" : "desk.sound_off");
  };
  button.addEventListener("click", () => {
    switchSound(!isOn());
    draw();
    chime();
  });
  draw();
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
