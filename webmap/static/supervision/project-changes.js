// What a change of a project is: what differs, sent and told. Pure.

export const STATES = ["planned", "running", "paused", "done", "cancelled"];
const FIELDS = ["name", "goal", "org", "starts_on", "due_on", "state"];

/**
 * What the form says otherwise than the project, with the reason; spaces around words are none.
 * @param {any} project @param {Record<string, any>} values
 * @returns {Record<string, string>}
 */
export function changesOf(project, values) {
  const told = FIELDS.map((name) => [name, String(values[name] ?? "").trim()]);
  return { ...Object.fromEntries(told.filter(([name, value]) => value && value !== project[name])), reason: values.reason };
}

/**
 * The task line that a fault means, `tasks.1.due_on`: its number among those that were begun, from nought, and the field in it.
 * @param {string} path
 * @returns {{line: number, field: string} | null}
 */
export function taskAt(path) {
  const found = /^tasks\.(\d+)\.(\w+)/.exec(path);
  return found && { line: Number(found[1]), field: found[2] };
}

/**
 * What an entry of the record changed, as name, before and after; what came with a new project is said elsewhere.
 * @param {Record<string, [any, any]>} facts
 * @returns {[string, any, any][]}
 */
export function changed(facts) {
  return Object.entries(facts)
    .filter(([name, [before, after]]) => !["of", "created"].includes(name) && before !== after)
    .map(([name, [before, after]]) => [name, before, after]);
}
