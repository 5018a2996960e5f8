// What the address of the planner says. Pure.

export const VIEWS = /** @type {const} */ (["today", "draft", "both"]);
export const TOOLS = /** @type {const} */ (["select", "push", "junction", "split", "merge", "cut", "paint", "measure"]);

/** @typedef {typeof VIEWS[number]} View */
/** @typedef {typeof TOOLS[number]} Tool */
/** @typedef {{kind: "border" | "area", id: string} | null} Selection a pair of leaf codes `a-b`, or one code */
/** @typedef {{plan: string, sel: Selection, view: View, tool: Tool, scope: string, proposals: string}} Place `proposals`: the village, or `town`, that the drawer is open for */

/**
 * @param {string} path @param {string} search
 * @returns {Place}
 */
export function readPlace(path, search) {
  const given = new URLSearchParams(search);
  const [kind, ...rest] = (given.get("sel") ?? "").split(":");
  const id = rest.join(":");
  return {
    plan: path.split("/")[2] ?? "",
    sel: (kind === "border" || kind === "area") && id ? { kind, id } : null,
    view: VIEWS.find((name) => name === given.get("view")) ?? "draft",
    tool: TOOLS.find((name) => name === given.get("tool")) ?? "select",
    scope: given.get("scope") ?? "",
    proposals: given.get("proposals") ?? "",
  };
}

/** @param {Place} place */
export function writePlace({ plan, sel, view, tool, scope, proposals }) {
  const search = new URLSearchParams();
  if (sel) search.set("sel", `${sel.kind}:${sel.id}`);
  if (view !== "draft") search.set("view", view);
  if (tool !== "select") search.set("tool", tool);
  if (scope) search.set("scope", scope);
  if (proposals) search.set("proposals", proposals);
  const text = search.toString().replaceAll("%3A", ":");
  return `/planner${plan ? `/${plan}` : ""}${text ? `?${text}` : ""}`;
}
