// Two short tones for what just came in; made here, so that no file is needed. Browsers play nothing before the first touch.

const KEY = "onegrid.inbox.sound";
const TONES = [880, 1175];
const TONE_S = 0.16;
const LOUDNESS = 0.2;

export const isOn = () => localStorage.getItem(KEY) !== "off";

/** @param {boolean} on */
export const switchSound = (on) => localStorage.setItem(KEY, on ? "on" : "off");

/** @type {AudioContext | null} */
let context = null;

export function chime() {
  if (!isOn()) return;
  context ??= new AudioContext();
  context.resume().then(() => TONES.forEach((hertz, i) => tone(/** @type {AudioContext} */ (context), hertz, i * TONE_S)), () => {});
}

/** @param {AudioContext} audio @param {number} hertz @param {number} after_s */
function tone(audio, hertz, after_s) {
  const source = audio.createOscillator();
  const level = audio.createGain();
  const start = audio.currentTime + after_s;
  source.frequency.value = hertz;
  level.gain.setValueAtTime(LOUDNESS, start);
  level.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
  source.connect(level).connect(audio.destination);
  source.start(start);
  source.stop(start + TONE_S);
}
