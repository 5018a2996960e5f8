// Sends one photo of a case and tells how far it is; the same photo again is the same row.
import { ApiError } from "../api.js";
import { frame } from "../frame.js";
import { lang } from "../i18n.js";

const TIMEOUT_MS = 120_000;

/**
 * @param {string} incident
 * @param {import("./photo-store.js").Photo} photo
 * @param {(share: number) => void} onProgress between 0 and 1
 * @returns {Promise<{id: string, exif: {distance_m: number | null} | null}>}
 * @throws {ApiError}
 */
export function sendPhoto(incident, photo, onProgress) {
  const form = new FormData();
  form.append("photo", photo.file, photo.name || "photo.jpg");
  const request = new XMLHttpRequest(); // fetch does not tell how much was sent
  request.open("POST", `/api/v1/incidents/${incident}/photos`);
  request.timeout = TIMEOUT_MS;
  request.responseType = "json";
  const headers = { Accept: "application/json", "Accept-Language": lang, "X-CSRF-Token": frame.csrf, "Idempotency-Key": photo.id };
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
  return new Promise((done, fail) => {
    request.onload = () => (request.status < 300 ? done(request.response) : fail(refused(request)));
    request.onerror = () => fail(new ApiError({ code: "network.offline", message: "" }));
    request.ontimeout = () => fail(new ApiError({ code: "network.timeout", message: "" }));
    request.send(form);
  });
}

/** @param {XMLHttpRequest} request */
function refused({ status, response }) {
  return new ApiError({ code: `http.${status}`, message: "", ...response, status });
}
