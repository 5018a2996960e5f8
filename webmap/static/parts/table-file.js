// Rows out of what people have: a pasted table, CSV in UTF-8 or GBK, the first sheet of an Excel file. Nothing leaves the page.

const ZIP_END = 0x06054b50;
const ZIP_ENTRY = 0x02014b50;
const STORED = 0;
const MOST_BYTES = 5 * 1024 * 1024;

/**
 * The rows of a file as text.
 * @param {File} file
 * @returns {Promise<string[][]>}
 * @throws {RangeError} too large or not readable
 */
export async function rowsOfFile(file) {
  if (file.size > MOST_BYTES) throw new RangeError("too large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const zipped = bytes[0] === 0x50 && bytes[1] === 0x4b;
  return zipped ? rowsOfXlsx(bytes) : rowsOfText(decode(bytes));
}

/** UTF-8 where it is valid, else GBK. @param {Uint8Array} bytes */
export function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

/**
 * The cells of a text table: tabs if there are any, else commas; quotes as in RFC 4180. Empty lines are left out.
 * @param {string} text
 * @returns {string[][]}
 */
export function rowsOfText(text) {
  const separator = text.includes("\t") ? "\t" : ",";
  /** @type {string[][]} */
  const rows = [[]];
  let cell = "";
  let quoted = false;
  const end = () => {
    rows[rows.length - 1].push(cell.trim());
    cell = "";
  };
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') cell += text[(i += 1)];
    else if (c === '"' && (quoted || cell.trim() === "")) quoted = !quoted;
    else if (quoted) cell += c;
    else if (c === separator || (separator === "," && c === "，")) end();
    else if (c === "\n") {
      end();
      rows.push([]);
    } else if (c !== "\r") cell += c;
  }
  end();
  return rows.filter((row) => row.some(Boolean));
}

/** @param {Uint8Array} bytes */
async function rowsOfXlsx(bytes) {
  const files = entries(bytes);
  const sheet = [...files.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name)).sort()[0];
  if (!sheet) throw new RangeError("no sheet");
  const shared = files.has("xl/sharedStrings.xml") ? sharedStrings(await xml(bytes, files.get("xl/sharedStrings.xml"))) : [];
  const document = await xml(bytes, files.get(sheet));
  return [...document.getElementsByTagName("row")].map((row) => cellsOf(row, shared)).filter((row) => row.some(Boolean));
}

/** @param {Document} document */
function sharedStrings(document) {
  return [...document.getElementsByTagName("si")].map((item) => [...item.getElementsByTagName("t")].map((part) => part.textContent).join(""));
}

/** @param {Element} row @param {string[]} shared */
function cellsOf(row, shared) {
  /** @type {string[]} */
  const cells = [];
  for (const cell of row.getElementsByTagName("c")) {
    const column = columnOf(cell.getAttribute("r") ?? "") ?? cells.length;
    const value = cell.getElementsByTagName("v")[0]?.textContent ?? "";
    const inline = [...cell.getElementsByTagName("t")].map((part) => part.textContent).join("");
    cells[column] = (cell.getAttribute("t") === "s" ? shared[Number(value)] ?? "" : inline || value).trim();
  }
  return Array.from(cells, (value) => value ?? "");
}

/** 0 for A1, 27 for AB3. @param {string} reference */
function columnOf(reference) {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0];
  return letters ? [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1 : null;
}

/**
 * The files of a ZIP by name, from its directory at the end.
 * @param {Uint8Array} bytes
 * @returns {Map<string, {method: number, size: number, at: number}>}
 */
function entries(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== ZIP_END) end -= 1;
  if (end < 0) throw new RangeError("no zip");
  const files = new Map();
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0 && view.getUint32(at, true) === ZIP_ENTRY; n -= 1) {
    const length = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
    files.set(name, { method: view.getUint16(at + 10, true), size: view.getUint32(at + 20, true), at: view.getUint32(at + 42, true) });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

/** @param {Uint8Array} bytes @param {{method: number, size: number, at: number} | undefined} entry */
async function xml(bytes, entry) {
  if (!entry) throw new RangeError("no such part");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true);
  const packed = /** @type {Uint8Array<ArrayBuffer>} */ (bytes.slice(start, start + entry.size));
  const plain = entry.method === STORED ? packed : await unpack(packed);
  return new DOMParser().parseFromString(new TextDecoder().decode(plain), "application/xml");
}

/** At most ten times what a file may have, so that a packed bomb stops. @param {Uint8Array<ArrayBuffer>} packed */
async function unpack(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks = [];
  for (let total = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.length;
    if (total > 10 * MOST_BYTES) throw new RangeError("too large");
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** @param {string[][]} rows @returns {string} CSV that Excel opens as UTF-8; no cell can become a formula */
export function toCsv(rows) {
  const cell = (/** @type {string} */ value) => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
