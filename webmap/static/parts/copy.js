// Copying, also where the page is no secure context and has no clipboard.
import { toast } from "./toast.js";

/**
 * @param {string} text
 * @param {string} words said afterwards
 */
export async function copyText(text, words) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(words);
}
