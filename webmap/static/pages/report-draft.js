// What a person has entered so far, kept on the device: the fields in localStorage, the photos in IndexedDB.
import { photoStore } from "../parts/photo-store.js";

const DRAFT = "onegrid.report.draft";
const MINE = "onegrid.report.mine";
const MINE_MOST = 20;

/**
 * @typedef {object} Draft
 * @property {string} id client id: the same report however often it is sent
 * @property {string} description
 * @property {string} phone
 * @property {string} address
 * @property {string | null} category
 * @property {Place | null} place
 * @property {any} sent the body of a send that got no answer; null when none is under way
 * @property {any} receipt the answer to the report, while photos of it are still to be sent; else null
 *
 * @typedef {object} Place
 * @property {number} lon
 * @property {number} lat
 * @property {"cgcs2000" | "wgs84"} crs
 * @property {number | null} accuracy_m
 * @property {string} how map, gps or address
 * @property {string} label
 * @property {string} [words] the address text when a candidate of it was picked
 */

/**
 * @param {() => string} newId
 * @returns {Draft}
 */
export function blank(newId) {
  return { id: newId(), description: "", phone: "", address: "", category: null, place: null, sent: null, receipt: null };
}

/**
 * @param {() => string} newId
 * @returns {Draft}
 */
export function loadDraft(newId) {
  return { ...blank(newId), ...read(DRAFT, {}) };
}

/** @param {Draft} draft */
export const saveDraft = (draft) => write(DRAFT, draft);

export const dropDraft = () => localStorage.removeItem(DRAFT);

/** Whether anything was entered. @param {Draft} draft */
export const isEmpty = (draft) => !draft.description && !draft.phone && !draft.address && !draft.category && !draft.place;

/** @returns {{case_no: string, query_code: string, title: string, at: string}[]} */
export const sentReports = () => read(MINE, []);

/** @param {{case_no: string, query_code: string, title: string, at: string}} report */
export function rememberSent(report) {
  write(MINE, [report, ...sentReports()].slice(0, MINE_MOST));
}

export const forgetSent = () => localStorage.removeItem(MINE);

/**
 * @param {string} key
 * @param {any} otherwise
 */
function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}

/**
 * @param {string} key
 * @param {any} value
 */
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false; // private windows may have no room; the form itself still holds the text
  }
}

/** @typedef {import("../parts/photo-store.js").Photo} Photo */

const photos = photoStore("onegrid-report");

export const loadPhotos = photos.all;
export const savePhoto = photos.save;
export const dropPhoto = photos.drop;
export const dropPhotos = photos.clear;
