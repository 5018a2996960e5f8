// What the server put into the page: language, town, viewer, the page's own data, its strings.

/**
 * @typedef {object} Frame
 * @property {"zh" | "en"} lang
 * @property {string} csrf
 * @property {boolean} demo
 * @property {string} [now] the server's time when it wrote the page, RFC 3339
 * @property {number} [rate] how fast that time runs: 1, or faster in a demo
 * @property {string} static address of the versioned static folder
 * @property {{code: string, name: string, synthetic: boolean, notice: string, center: [number, number], zoom: number, timezone: string} | null} town
 * @property {{username: string, name: string, role: string, permissions: string[]} | null} viewer
 * @property {Record<string, any>} data
 * @property {Record<string, string>} strings
 */

const element = globalThis.document?.getElementById("frame"); // none where the pure modules are tested

/** @type {Frame} */
export const frame = JSON.parse(element?.textContent ?? '{"lang":"zh","strings":{},"data":{}}');

/**
 * Whether the viewer holds a permission. The server decides; this only hides what would be refused.
 * @param {string} permission
 */
export const may = (permission) => frame.viewer?.permissions.includes(permission) ?? false;
