// The slip prints itself on demand.
import { find } from "../dom.js";

find("[data-print]").addEventListener("click", () => window.print());
