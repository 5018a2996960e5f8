// Copies the address of the report page, to be pasted into the phone's own browser.
import { find } from "../dom.js";
import { t } from "../i18n.js";
import { copyText } from "../parts/copy.js";

const button = find("[data-copy-address]");
button.addEventListener("click", () => copyText(location.origin + button.dataset.copyAddress, t("common.copied")));
