// What the page asks the server about one draft, and the edits on their way to it.
import { call, newId } from "../api.js";
import { answered, bodyOf, keep, kept, queued, unanswered, wait_ms } from "./outbox.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {import("./outbox.js").Sending} Sending */

/** @param {string} plan */
export const baseOf = (plan) => `/api/v1/plans/${plan}`;

/** Everything of a draft. @param {string} plan */
export async function readAll(plan) {
  const base = baseOf(plan);
  const [head, areas, borders, today] = await Promise.all([call(base), call(`${base}/areas`), call(`${base}/borders`), call(`${base}/today`)]);
  return { head, areas, borders, today };
}

/** What changed since a version, with the figures and checks of now. @param {string} plan @param {number} since */
export async function readSince(plan, since) {
  const base = baseOf(plan);
  const [areas, borders, effects, checks] = await Promise.all([call(`${base}/areas?since=${since}`), call(`${base}/borders?since=${since}`), call(`${base}/effects`), call(`${base}/checks`)]);
  return { version: Math.min(areas.version, borders.version), areas, borders, effects, checks: checks.checks };
}

/** The browser's own store, where it may be used. @returns {Storage | null} */
function store() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

export class Sender {
  /**
   * @param {string} plan
   * @param {{answered: (sending: Sending, answer: any) => Promise<void>, refused: (sending: Sending, fault: ApiError) => void, changed: () => void}} tell
   */
  constructor(plan, tell) {
    this.plan = plan;
    this.tell = tell;
    this.box = kept(store(), plan);
    this.isBusy = false;
    /** A refusal that a person must decide on; until then nothing else is sent. */
    this.isHeld = false;
    this.timer = 0;
    window.addEventListener("online", () => this.pump());
  }

  get waiting() {
    return this.box.waiting;
  }

  get isCut() {
    return this.box.tries > 0;
  }

  /** @param {Omit<Sending, "id">} what */
  send(what) {
    this.set(queued(this.box, { id: newId(), ...what }));
    this.pump();
  }

  /** The held edit goes on as another one, or not at all. @param {Omit<Sending, "id"> | null} instead */
  release(instead) {
    const [held, ...rest] = this.box.waiting;
    if (!held) return;
    this.isHeld = false;
    this.set({ waiting: instead ? [{ id: newId(), ...instead }, ...rest] : rest, tries: 0 });
    this.pump();
  }

  /** @param {import("./outbox.js").Outbox} box */
  set(box) {
    this.box = box;
    keep(store(), this.plan, box);
    this.tell.changed();
  }

  async pump() {
    clearTimeout(this.timer);
    const sending = this.box.waiting[0];
    if (!sending || this.isBusy || this.isHeld) return;
    this.isBusy = true;
    this.tell.changed();
    try {
      const answer = await call(`${baseOf(this.plan)}/${sending.path}`, { method: "POST", json: bodyOf(sending) });
      await this.tell.answered(sending, answer);
      this.set(answered(this.box, sending.id));
    } catch (reason) {
      this.fail(sending, /** @type {ApiError} */ (reason));
    }
    this.isBusy = false;
    this.tell.changed();
    if (this.box.waiting.length && !this.isHeld) this.timer = window.setTimeout(() => this.pump(), this.isCut ? wait_ms(this.box) : 0);
  }

  /** @param {Sending} sending @param {ApiError} fault */
  fail(sending, fault) {
    if (fault.unanswered || fault.status >= 500 || fault.status === 429) return this.set(unanswered(this.box));
    if (fault.code === "plan.conflict" || fault.status === 401) this.isHeld = true;
    else this.set(answered(this.box, sending.id));
    this.tell.refused(sending, fault);
  }
}
