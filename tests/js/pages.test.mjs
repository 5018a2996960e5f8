// The pure parts of the pages: addresses, tables from files, times, titles, rings.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { change, isPlain, readQuery, writeQuery } from "../../webmap/static/pages/incident-query.js";
import { reporterWords } from "../../webmap/static/pages/incident-head.js";
import { codeOf, steps } from "../../webmap/static/pages/progress-steps.js";
import { fitting, likeness } from "../../webmap/static/pages/report-kinds.js";
import { reasons } from "../../webmap/static/pages/incident-side.js";
import { bodyOf, tells, titleOf } from "../../webmap/static/pages/report-send.js";
import { logSentence } from "../../webmap/static/parts/case-log.js";
import { decode, rowsOfText, toCsv } from "../../webmap/static/parts/table-file.js";
import { newId } from "../../webmap/static/api.js";
import { frame } from "../../webmap/static/frame.js";
import { placeAt, placeName, placeOrReason } from "../../webmap/static/place-name.js";
import { clock, span, workSpan } from "../../webmap/static/time.js";

test("an address that is read and written again is the same", () => {
  const search = "?platform=market&open=1&late=1&q=%E6%B8%A3%E5%9C%9F&bbox=120.8,30.3,120.9,30.4";
  assert.equal(writeQuery(readQuery(search)), "?platform=market&open=1&late=1&q=%E6%B8%A3%E5%9C%9F&bbox=120.8,30.3,120.9,30.4");
});

test("empty filters are left out; of unknown ones the server says that it does not know them", () => {
  assert.deepEqual(readQuery("?nonsense=1&platform=&late=1"), { nonsense: "1", late: "1" });
  assert.equal(writeQuery(readQuery("?nonsense=1&late=1")), "?late=1&nonsense=1");
  assert.ok(isPlain(readQuery("?lang=en&id=5")));
});

test("a changed filter replaces, an empty one goes", () => {
  assert.deepEqual(change({ platform: "market", late: "1" }, { platform: "service", late: "" }), { platform: "service" });
});

test("a title is the first sentence, at most forty characters", () => {
  assert.equal(titleOf("桥边有人倒垃圾。昨天又来了两车。"), "桥边有人倒垃圾");
  assert.equal(titleOf("长".repeat(60)).length, 40);
  assert.equal(titleOf("只有一句"), "只有一句");
});

test("a report holds only what was entered", () => {
  const empty = { id: "a", description: " 路灯不亮 ", phone: "", address: "", category: null, place: null, sent: null };
  const body = bodyOf(empty, new Date("2026-03-17T06:32:00Z"));
  assert.deepEqual(body, { id: "a", title: "路灯不亮", description: "路灯不亮", channel: "public", client_at: "2026-03-17T06:32:00.000Z" });
});

test("a place carries its own system and accuracy", () => {
  const place = { lon: 120.9, lat: 30.4, crs: "wgs84", accuracy_m: 12, how: "gps", label: "" };
  const body = bodyOf({ id: "a", description: "x", phone: " 13800002017 ", address: "堰山路", category: "c", place, sent: null }, new Date());
  assert.deepEqual([body.lon, body.lat, body.crs, body.accuracy_m, body.address, body.category], [120.9, 30.4, "wgs84", 12, "堰山路", "c"]);
  assert.deepEqual(body.reporter, { phone: "13800002017" });
});

test("a candidate takes the place of the words only if it says them too", () => {
  assert.equal(tells("堰山路 58 号", "堰山路５８号"), true);
  assert.equal(tells("堰山路", "堰山路58号"), false);
});

test("tables come from tabs, commas and quotes", () => {
  assert.deepEqual(rowsOfText("a\tb\r\nc\td\r\n"), [["a", "b"], ["c", "d"]]);
  assert.deepEqual(rowsOfText('a,"b ""c"", d"\n\n,\ne,f'), [["a", 'b "c", d'], ["e", "f"]]);
  assert.deepEqual(rowsOfText('a,"two\nlines"'), [["a", "two\nlines"]]);
});

test("a file in GBK is read as well as one in UTF-8", () => {
  assert.equal(decode(new TextEncoder().encode("姓名")), "姓名");
  assert.equal(decode(new Uint8Array([0xd0, 0xd5, 0xc3, 0xfb])), "姓名");
});

test("a cell of a CSV never becomes a formula", () => {
  assert.match(toCsv([["=1+1", "+8", "-1", "@x", "plain"]]), /^\ufeff"'=1\+1","'\+8","'-1","'@x","plain"\r\n$/);
});

test("ids are UUIDs of version 7 and come in order of time", async () => {
  const first = newId();
  await new Promise((done) => setTimeout(done, 3));
  const second = newId();
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(first < second);
});

const started = { clock_started_at: "2026-03-17T06:00:00Z", amber_at: "2026-03-17T06:45:00Z", due_at: "2026-03-17T07:00:00Z", is_open: true };
const at = (/** @type {string} */ time) => clock(started, new Date(`2026-03-17T${time}Z`)).state;

test("a case is late after its deadline, not at it; amber from three quarters on", () => {
  assert.deepEqual([at("06:44:59"), at("06:45:00"), at("07:00:00"), at("07:00:01")], ["run", "amber", "amber", "late"]);
});

test("a bar stands at three quarters when the clock says amber, whatever nights lie between", () => {
  const night = { ...started, amber_at: "2026-03-17T06:59:00Z" };
  assert.equal(clock(night, new Date("2026-03-17T06:59:00Z")).share, 0.75);
  assert.ok(clock(night, new Date("2026-03-17T06:58:00Z")).share < 0.75);
  assert.equal(clock(night, new Date("2026-03-17T07:00:00Z")).share, 1);
  assert.equal(clock({ ...started, amber_at: null }, new Date("2026-03-17T06:30:00Z")).share, 0.5);
});

test("no limit runs for a suspended case, nor for one without a limit", () => {
  assert.deepEqual(clock({ ...started, state: "suspended" }, new Date("2026-03-18T00:00:00Z")), { state: "suspended", share: 0, words: "" });
  assert.equal(clock({ is_open: true }, new Date()).state, "none");
});

test("a case that was closed late stays late", () => {
  assert.equal(clock({ ...started, is_open: false, closed_at: "2026-03-17T08:00:00Z" }, new Date()).state, "late");
  assert.equal(clock({ ...started, is_open: false, closed_at: "2026-03-17T06:50:00Z" }, new Date()).state, "none");
});

test("spans are said in their two largest units", () => {
  // without a catalogue the key stands for its words
  assert.deepEqual([span(59 * 60), span(3600), span(3600 * 2 + 60), span(86_400 * 3 + 7200), span(86_400)], [
    "common.minutes", "common.hours", "common.hours_minutes", "common.days_hours", "common.days",
  ]);
});

test("kinds that share words with the text come first, the chosen one stays", () => {
  const names = ["路灯不亮", "无证小餐饮", "偷倒建筑垃圾", "暴露垃圾", "井盖缺失", "乱贴广告", "流浪犬只", "河面漂浮物", "药店管理"];
  const kinds = names.map((name, i) => ({ code: String(i), name, platform: "enforcement" }));
  assert.equal(likeness("偷倒建筑垃圾", "桥边倒建筑垃圾"), 4);
  assert.deepEqual(fitting(kinds, "桥边倒建筑垃圾", null).slice(0, 2).map((kind) => kind.name), ["偷倒建筑垃圾", "暴露垃圾"]);
  assert.equal(fitting(kinds, "", null).length, 7);
  assert.equal(fitting(kinds, "", "8")[0].name, "药店管理");
});

/** The words of the real catalogues, for the time of one test. @param {string} lang @param {string[]} subjects @param {() => void} act */
function speaking(lang, subjects, act) {
  const read = (/** @type {string} */ subject) => JSON.parse(readFileSync(new URL(`../../webmap/static/i18n/${subject}.${lang}.json`, import.meta.url), "utf-8"));
  const before = { ...frame.strings };
  for (const subject of subjects) for (const [key, text] of Object.entries(read(subject))) frame.strings[`${subject}.${key}`] = /** @type {string} */ (text);
  act();
  for (const key of Object.keys(frame.strings)) if (!(key in before)) delete frame.strings[key];
}

const filed = { name: "file", from_state: "accepted", to_state: "filed", actor: "周敏", actor_org: "指挥室", reason: "符合条件", facts: {} };
const moved = { name: "correct", from_state: "filed", to_state: "filed", actor: "周敏", reason: null, facts: { geom: {}, grid_id: {} } };

test("a row of the log is a sentence with its change of state and reason", () => {
  speaking("zh", ["incident", "common", "loop"], () => {
    assert.deepEqual(logSentence(filed, "window"), { words: "周敏（指挥室）立案", detail: "已受理 → 已立案", reason: "原因：符合条件" });
  });
  speaking("en", ["incident", "common", "loop"], () => {
    assert.deepEqual(logSentence(filed, "window"), { words: "Filed by 周敏 (指挥室)", detail: "Accepted → Filed", reason: "Reason: 符合条件" });
  });
});

test("a kind of reason is said in words, with what was written and when it really happened", () => {
  const returned = { ...filed, name: "return", reason: "桥归水利站", facts: { reason_code: "not_our_duty" } };
  const signed = { ...filed, name: "sign", reason: null, facts: { happened_at: "2026-03-17T06:32:00Z" } };
  const raised = { ...filed, name: "supervise", actor: null, reason: "time", facts: { level: 1 } };
  speaking("zh", ["incident", "common", "loop"], () => {
    assert.equal(logSentence(returned, "window").reason, "原因：不属本单位职责、桥归水利站");
    assert.match(logSentence(signed, "window").reason, /^按移交单录入，2026-03-17 /);
    assert.equal(logSentence(raised, "window").reason, "原因：时限");
    assert.equal(logSentence({ ...returned, facts: { reason_code: "not_our_duty", text: "见附件" } }, "window").reason, "原因：不属本单位职责、桥归水利站。见附件");
  });
});

test("a state that did not change is not said", () => {
  speaking("en", ["incident", "common", "loop"], () => {
    assert.deepEqual(logSentence(moved, "window"), { words: "Placed by 周敏", detail: "", reason: "" });
    assert.equal(logSentence({ ...moved, facts: { title: {}, geom: {} } }, "window").words, "Corrected (Title, Place) by 周敏");
  });
});

test("who acted unnamed is the public, the system, or not known from a file", () => {
  const unnamed = { name: "report", from_state: null, to_state: "reported", actor: null, reason: null, facts: {} };
  speaking("zh", ["incident", "common", "loop"], () => {
    assert.equal(logSentence(unnamed, "public").words, "群众上报");
    assert.equal(logSentence(unnamed, "public").detail, "");
    assert.equal(logSentence(unnamed, "api").words, "系统上报");
    assert.equal(logSentence(unnamed, "hotline").detail, "12345");
    assert.equal(logSentence({ ...unnamed, facts: { imported: true } }, "public").words, "上报");
    assert.equal(logSentence({ ...filed, facts: { imported: true } }, "public").words, "立案");
  });
});

test("a reporter without a number is said to have left none", () => {
  speaking("zh", ["incident"], () => {
    assert.equal(reporterWords({ name: "王**", phone: null }), "王** 未留电话");
    assert.equal(reporterWords({ name: "王**", phone: "138****2017" }), "王** 138****2017");
    assert.equal(reporterWords({ name: null, phone: "138****2017" }), "138****2017");
    assert.equal(reporterWords(null), "匿名");
  });
});

const gannan = { village_name: "澉南村", village_name_en: "Gannan Village" };

test("a suggestion gives the words that spoke for it, never the code of a rule", () => {
  speaking("en", ["incident"], () => {
    assert.deepEqual(reasons(["T139", "keyword:占道", "likeness"], ["烧烤", "占道"]), ["word 烧烤", "word 占道", "worded like such cases"]);
    assert.deepEqual(reasons(["T139"], []), ["a rule of the town"]);
  });
});

test("village and grid are joined as the language does it, and not said twice", () => {
  const harbour = { ...gannan, grid_name: "港区网格", grid_name_en: "Harbour Grid" };
  const own = { ...gannan, grid_name: "澉南村第 1 网格", grid_name_en: "Gannan Village Grid 1" };
  speaking("zh", ["common"], () => assert.equal(placeName(harbour), "澉南村港区网格"));
  speaking("en", ["common"], () => assert.equal(placeName(harbour), "澉南村, 港区网格"));
  speaking("zh", ["common"], () => assert.equal(placeName(own), "澉南村第 1 网格"));
});

test("a place known in part is said in part, one not known by its reason", () => {
  assert.equal(placeName(gannan), "澉南村");
  assert.equal(placeAt({ grid: null, village: { name: "澉南村" } }), "澉南村");
  assert.equal(placeAt(null), "");
  assert.equal(placeOrReason({ triage_reason: "vague" }), "common.triage_vague");
});

test("six steps: what is reached is done with its time, the next one is now", () => {
  const told = { stage: "dispatched", accepted_at: "a", filed_at: "b", dispatched_at: "c", handled_at: "of an earlier round", ended: null };
  assert.deepEqual(steps(told).map(({ state, at }) => [state, at]), [["done", "a"], ["done", "b"], ["done", "c"], ["now", null], ["later", null], ["later", null]]);
  assert.equal(steps({ ...told, stage: "received" })[0].state, "now");
  assert.ok(steps({ ...told, stage: null, ended: "declined" }).every(({ state }) => state === "never"));
});

test("a code is read as people type it", () => {
  assert.equal(codeOf(" w33cn vheax "), "W33CN-VHEAX");
  assert.equal(codeOf("Ｗ３３ＣＮ－ＶＨＥＡＸ"), "W33CN-VHEAX");
  assert.equal(codeOf("w33"), "W33");
});
