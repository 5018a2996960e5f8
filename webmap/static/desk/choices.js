// Categories, organisations and ready replies of the town: read once for the page.
import { call } from "../api.js";

/** @typedef {{code: string, platform: string, name: string, name_en?: string, urgency: string, lead_org: string | null, co_orgs: string[], limit_value: number | null, limit_unit: string | null, filing_condition: string | null, closing_condition: string | null}} Category */
/** @typedef {{code: string, name: string, kind: string, platforms: string[]}} Organisation */
/** @typedef {{categories: Map<string, Category>, organisations: Map<string, Organisation>, replies: Record<string, string[]>}} Choices */

/** @type {Choices} */
export const choices = { categories: new Map(), organisations: new Map(), replies: {} };

/** Fills `choices`; throws what the server said. */
export async function loadChoices() {
  const told = await call("/api/v1/case-choices");
  choices.categories = new Map(told.categories.map((/** @type {Category} */ one) => [one.code, one]));
  choices.organisations = new Map(told.organisations.map((/** @type {Organisation} */ one) => [one.code, one]));
  choices.replies = told.replies ?? {};
}

/** @param {string | null | undefined} code */
export const orgName = (code) => choices.organisations.get(code ?? "")?.name ?? code ?? "";
