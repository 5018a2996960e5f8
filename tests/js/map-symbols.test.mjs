import assert from "node:assert/strict";
import { test } from "node:test";
import { donutArcs, donutCount, donutLate, donutRadius, drawImage, imageReach, parseImageName } from "../../webmap/static/map/symbols.js";

const INK = { casing: "#0e1419", warn: "#ffa81f", late: "#ff5c50", panel: "#141b22", text: "#eaf0f4", onLate: "#15202a" };

/** A pen that remembers how far it went and in which colours it drew. */
function pen() {
  const marks = { points: [], strokes: [], fills: [], texts: [] };
  const note = (x, y, r = 0) => marks.points.push([x - r, y - r], [x + r, y + r]);
  const drawing = {
    fillStyle: "", strokeStyle: "", lineWidth: 1, lineJoin: "", lineCap: "", font: "", textAlign: "", textBaseline: "",
    beginPath() {}, closePath() {}, clearRect() {}, moveTo: (x, y) => note(x, y), lineTo: (x, y) => note(x, y),
    arc: (x, y, r) => note(x, y, r), fillRect: (x, y, w, h) => note(x, y) || note(x + w, y + h),
    fill: () => marks.fills.push(drawing.fillStyle), stroke: () => marks.strokes.push(drawing.strokeStyle),
    fillText: (text) => marks.texts.push(text),
  };
  return { drawing, marks };
}

const NAMES = [
  ...["circle", "diamond", "square", "triangle"].flatMap((shape) => ["", "w75", "w95", "late"].flatMap((ring) => ["solid", "hollow"].flatMap((fill) => [6, 7, 8, 10].map((radius) => `sym;${shape};CC5DF2;${ring};${fill};${radius}`)))),
  "plate;square;3FC7A6;8", "donut;9DB8F0:3,CC5DF2:5;", "donut;9DB8F0:300,CC5DF2:5000;100;200", "stack;FF5C50;4", "stack;FF5C50;1204",
];

test("whatever is drawn stays inside its image", () => {
  for (const name of NAMES) {
    const spec = parseImageName(name);
    const size = 2 * imageReach(spec);
    const { drawing, marks } = pen();
    drawImage(drawing, spec, INK, 150);
    assert.ok(marks.points.length, name);
    for (const [x, y] of marks.points) assert.ok(x >= 0 && y >= 0 && x <= size && y <= size, `${name}: ${x},${y} of ${size}`);
  }
});

test("late is a full red ring, near an amber part, neither without a ring", () => {
  const strokes = (name) => {
    const { drawing, marks } = pen();
    drawImage(drawing, parseImageName(name), INK, 0);
    return marks.strokes;
  };
  assert.ok(strokes("sym;circle;CC5DF2;late;solid;6").includes(INK.late));
  assert.ok(strokes("sym;circle;CC5DF2;w80;solid;6").includes(INK.warn));
  const plain = strokes("sym;circle;CC5DF2;;solid;6");
  assert.ok(!plain.includes(INK.late) && !plain.includes(INK.warn));
});

test("a suspended case is hollow: its colour is an outline, not a filling", () => {
  const { drawing, marks } = pen();
  drawImage(drawing, parseImageName("sym;circle;CC5DF2;;hollow;6"), INK, 0);
  assert.ok(marks.strokes.includes("#CC5DF2"));
  assert.ok(!marks.fills.includes("#CC5DF2"));
});

for (const name of ["", "sym", "sym;star;CC5DF2;;solid;6", "sym;circle;red;;solid;6", "sym;circle;CC5DF2;w100;solid;6", "sym;circle;CC5DF2;;solid;NaN", "sym;circle;CC5DF2;;solid;1e9", "donut;", "donut;9DB8F0:-1", "donut;9DB8F0:1.5", "stack;FF5C50;0", "hatch;nothing", "building-11"]) {
  test(`a name that is none of ours draws nothing: ${JSON.stringify(name)}`, () => assert.equal(parseImageName(name), null));
}

test("a donut counts exactly, empty parts left out", () => {
  const spec = parseImageName("donut;9DB8F0:3,CC5DF2:0,3FC7A6:16;");
  assert.equal(donutCount(spec), 19);
  assert.equal(spec.parts.length, 2);
});

test("a badge counts the deadlines that have passed at the moment shown", () => {
  const spec = parseImageName("donut;9DB8F0:3;100;200;300");
  assert.deepEqual([50, 100, 101, 250, 999].map((now) => donutLate(spec, now)), [0, 0, 1, 2, 3]);
  const texts = (now) => {
    const { drawing, marks } = pen();
    drawImage(drawing, spec, INK, now);
    return marks.texts;
  };
  assert.deepEqual(texts(50), ["3"]);
  assert.deepEqual(texts(250), ["3", "2"]);
});

test("the badge's room is there before it is needed, so that the image keeps its size", () => {
  assert.ok(imageReach(parseImageName("donut;9DB8F0:3;9999999999")) > imageReach(parseImageName("donut;9DB8F0:3;")));
});

test("arcs follow the counts and close the circle", () => {
  for (const counts of [[1], [1, 1], [3, 5, 8, 13], [1, 1000]]) {
    const arcs = donutArcs(counts);
    const gap = counts.length > 1 ? 0.14 : 0;
    const drawn = arcs.reduce((sum, [start, end]) => sum + end - start, 0);
    assert.ok(Math.abs(drawn + gap * counts.length - 2 * Math.PI) < 1e-9);
    for (const [index, [start, end]] of arcs.entries()) {
      assert.ok(end > start);
      const share = (end - start) / drawn;
      assert.ok(Math.abs(share - counts[index] / counts.reduce((a, b) => a + b)) < 1e-9);
    }
  }
});

test("clusters grow with the logarithm of their number", () => {
  assert.equal(donutRadius(1), 13);
  assert.ok(Math.abs(donutRadius(2) - donutRadius(1) - (donutRadius(64) - donutRadius(32))) < 1e-9);
});
