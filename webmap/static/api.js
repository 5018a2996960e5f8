// The one way to the server: JSON, the session's CSRF token, errors with their code and request number.
import { frame } from "./frame.js";
import { has, lang, t } from "./i18n.js";
import { hearTime } from "./server-time.js";

const TIMEOUT_MS = 20_000;

export class ApiError extends Error {
  /**
   * @param {{code: string, message: string, detail?: any, request_id?: string, status?: number}} body
   */
  constructor({ code, message, detail = null, request_id = "", status = 0 }) {
    super(message);
    this.code = code;
    this.detail = detail;
    this.requestId = request_id;
    this.status = status;
  }

  /** No answer came: offline, cut or timed out. The same call may be sent again with the same id. */
  get unanswered() {
    return this.status === 0;
  }

  /** What to tell a person, in their language where the catalogue knows the code. */
  get words() {
    const key = `error.${this.code}`;
    return has(key) ? t(key, scalars(this.detail)) : this.message || t("error.unknown");
  }
}

/**
 * The plain values of an error's detail, to be named in its words.
 * @param {any} detail
 * @returns {Record<string, string | number>}
 */
function scalars(detail) {
  return Object.fromEntries(Object.entries(detail ?? {}).filter(([, value]) => typeof value === "string" || typeof value === "number"));
}

/**
 * @param {string} path
 * @param {{method?: string, json?: any, form?: FormData, headers?: Record<string, string>, timeoutMs?: number, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the JSON body, or null for an empty one
 * @throws {ApiError}
 */
export async function call(path, options = {}) {
  const { method = "GET", json, form, headers = {}, timeoutMs = TIMEOUT_MS, signal } = options;
  const limit = deadline(timeoutMs, signal);
  const asked = Date.now();
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        "Accept-Language": lang,
        ...(json !== undefined && { "Content-Type": "application/json" }),
        ...(method !== "GET" && frame.csrf && { "X-CSRF-Token": frame.csrf }),
        ...headers,
      },
      body: json === undefined ? form : JSON.stringify(json),
      signal: limit.signal,
    });
  } catch (reason) {
    if (signal?.aborted) throw reason;
    throw new ApiError({ code: limit.passed() ? "network.timeout" : "network.offline", message: "" });
  } finally {
    limit.end();
  }
  hearTime(response.headers.get("OneGrid-Time"), asked);
  return read(response);
}

/**
 * Ends a request when its time is up or its caller gives up; written out, as browsers inside messengers lack the short form.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
function deadline(ms, signal) {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, ms);
  const give = () => controller.abort();
  signal?.addEventListener("abort", give);
  return {
    signal: controller.signal,
    passed: () => late,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", give);
    },
  };
}

/**
 * @param {Response} response
 */
async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  const body = /json/.test(type) ? await response.json().catch(() => null) : null;
  if (response.ok) return body;
  throw new ApiError({
    code: body?.code ?? `http.${response.status}`,
    message: body?.message ?? "",
    detail: body?.detail,
    request_id: body?.request_id ?? response.headers.get("X-Request-ID") ?? "",
    status: response.status,
  });
}

/**
 * A query string without empty values; lists are joined with commas.
 * @param {Record<string, any>} values
 */
export function query(values) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    search.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** A UUIDv7: made here, so that a retry is the same row. Works without a secure context too. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  const now = Date.now();
  view.setUint32(0, Math.floor(now / 65536));
  view.setUint16(4, now % 65536);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
