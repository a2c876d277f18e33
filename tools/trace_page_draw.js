/* trace_page_draw.js -- the rows that can be seen, and nothing else: elements are used again and again. */

const scroller = byId("scroller"), space = byId("space"), rowsBox = byId("rows");
const headsBox = byId("heads"), linesBox = byId("lines");

const HEADS = 46, GUTTER = 148, LANE_MIN = 88, HEIGHT_MAX = 15e6; /* what browsers can still place exactly */
const ZOOMS = [9, 12, 16, 20, 25, 30, 38];

let zoom = 4, rowHeight = ZOOMS[4], laneWidth = 150, contentWidth = 0;
let selected = -1; /* an arrow */
let related = new Map(); /* arrow: how it belongs to the chosen one */

/* ---- where things are ---- */

const laneX = life => GUTTER + (life + 0.5) * laneWidth;
const fullHeight = () => rowCount * rowHeight + 40;
const placedHeight = () => Math.min(fullHeight(), HEIGHT_MAX);

/* Read once a layout or scroll: asking for them in between would lay the page out again and again.
 * With very many rows a step of the scroll bar is more than itself: scale. */
const seen = {height: 0, scale: 1, scrolled: 0};

function measureHeight() {
  seen.height = scroller.clientHeight - HEADS;
  seen.scale = placedHeight() < HEIGHT_MAX ? 1 : (fullHeight() - seen.height) / (placedHeight() - seen.height);
}

const topOf = () => seen.scrolled * seen.scale;
const firstRow = () => Math.max(0, Math.floor(topOf() / rowHeight));
const rowsSeen = () => Math.ceil(seen.height / rowHeight);

function scrollTo(y) {
  scroller.scrollTop = Math.max(0, y) / seen.scale;
  seen.scrolled = scroller.scrollTop;
}

function scrollToRow(row, where) {
  const top = topOf(), y = row * rowHeight, tall = seen.height;
  if (where === "near" && y >= top + rowHeight && y + 2 * rowHeight <= top + tall)
    return;
  scrollTo(where !== "near" ? y - tall * 0.4 : y < top + rowHeight ? y - rowHeight : y - tall + 2 * rowHeight);
}

/* ---- what is said of an arrow ---- */

const measure = document.createElement("canvas").getContext("2d");
const widths = new Map();
function widthOf(text) {
  let w = widths.get(text);
  if (w === undefined) {
    if (widths.size > 20000)
      widths.clear();
    measure.font = rowHeight < 20 ? LABEL_SMALL : LABEL;
    widths.set(text, w = measure.measureText(text).width);
  }
  return w;
}
const LABEL = "12px system-ui, sans-serif", LABEL_SMALL = "10px system-ui, sans-serif";

function actorText(number) {
  const a = actors[number];
  if (!a || a.life < 0)
    return a && a.ref ? `${a.type || "?"} ${a.ref}` : "nobody";
  return a.ref ? `${lifelines[a.life].name} ${a.ref}` : lifelines[a.life].name;
}

function aboutArrow(i, run) {
  const size = run ? run.bytes : sizeOf(i);
  return (run ? `× ${run.count}` : "") + (run && size ? ", " : "") + (size ? sizeText(size) : "");
}

function fullText(i) {
  const run = runs.get(i), parts = [`${timeText(at[i])} s`, kinds[kindOf[i]].name];
  if (what[i] === MESSAGE || what[i] === LOST || what[i] === ARRIVES || what[i] === LEAVES)
    parts.push(`from ${actorText(from[i])} to ${actorText(to[i])}`);
  else if (what[i] !== NOTE)
    parts.push(actorText(to[i]));
  parts.push(texts[label[i]], aboutArrow(i, run));
  if (exchange[i])
    parts.push(`exchange ${nameOf(exchange[i])} ${exchangeText(exchanges.get(exchange[i]))}`);
  return parts.filter(p => p).join(", ");
}

/* ---- rows ---- */

const pool = [];

function part(parent, name, tag = "span") {
  const e = document.createElement(tag);
  e.className = name;
  parent.append(e);
  return e;
}

function newRow() {
  const e = document.createElement("div"), r = {e, row: -2};
  e.setAttribute("role", "option");
  r.line = part(e, "line");
  r.label = part(e, "label");
  r.kind = part(r.label, "kind");
  r.text = part(r.label, "text");
  r.size = part(r.label, "size");
  const when = part(e, "when");
  r.time = part(when, "time");
  r.since = part(when, "since");
  r.bar = part(when, "bar");
  rowsBox.append(e);
  return r;
}

const WORDS = ["message", "self", "arrives", "leaves", "lost", "ends", "log", "note"];

function place(e, left, width) {
  e.style.left = `${left}px`;
  e.style.width = width === undefined ? "" : `${width}px`;
}

function drawLine(r, i) {
  const a = laneX(actors[from[i]].life), b = laneX(actors[to[i]].life);
  if (what[i] === NOTE)
    place(r.line, GUTTER, contentWidth - GUTTER);
  else if (a === b)
    place(r.line, b, 22);
  else
    place(r.line, Math.min(a, b) + (b < a ? 5 : 0), Math.abs(b - a) - 5);
  return [a, b];
}

function drawLabel(r, i, run, [a, b]) {
  const small = rowHeight < 20;
  r.kind.textContent = (run ? (view.unfolded.has(i) ? "▾ " : "▸ ") : "") +
    (what[i] === LOG ? "log" : what[i] === ENDS ? "ends" : what[i] === NOTE ? "" : kinds[kindOf[i]].name);
  r.text.textContent = texts[run && !view.unfolded.has(i) ? run.label : label[i]];
  r.size.textContent = what[i] === LOG ? "" : aboutArrow(i, run);
  const width = widthOf(`${r.kind.textContent}  ${r.text.textContent}  ${r.size.textContent}`) * 1.04 + 22;
  const most = Math.min(width, Math.max(320, contentWidth * 0.45));
  const middle = what[i] === NOTE ? (GUTTER + contentWidth) / 2 : (a + b) / 2;
  const left = a === b && what[i] !== NOTE ? b + (small ? 12 : 26) : middle - most / 2;
  place(r.label, Math.max(GUTTER + 4, Math.min(left, contentWidth - most - 4)), most);
}

function drawTime(r, row, i) {
  const before = row > 0 ? at[rowArrow[row - 1]] : at[i], since = at[i] - before;
  r.time.textContent = timeText(at[i]);
  r.since.textContent = rowWhat[row] === GAP || since < 1e3 ? "" : `+${spanText(since)}`;
  r.bar.style.width = `${Math.max(0, Math.min(1, Math.log10(Math.max(1, since / 1e3)) / 5)) * 44}px`;
}

function drawGap(r, i, row) {
  r.e.className = "row gap";
  r.kind.textContent = `${spanText(at[i] - at[rowArrow[row - 1]])} later`;
  r.time.textContent = r.since.textContent = r.text.textContent = r.size.textContent = "";
  r.bar.style.width = 0;
  place(r.line, GUTTER, contentWidth - GUTTER);
  place(r.label, (GUTTER + contentWidth) / 2 - 60, 120);
  r.e.title = "";
  r.e.setAttribute("aria-label", r.kind.textContent);
}

function classOf(row, i, run) {
  let name = `row ${WORDS[what[i]]}`;
  if (what[i] !== SELF && from[i] !== to[i] && actors[to[i]].life === actors[from[i]].life)
    name += " self";
  else if (actors[to[i]].life < actors[from[i]].life)
    name += " left";
  name += (run ? " run" : "") + (rowWhat[row] === PIECE || run && view.unfolded.has(i) ? " piece" : "");
  name += (bits[i] & SPAWNED ? " spawned" : "") + (exchange[i] ? "" : " plain");
  name += (hitRows.has(row) ? " hit" : "") + (hitAt >= 0 && rowOf[hits[hitAt]] === row ? " here" : "");
  return name + (related.has(i) ? ` ${related.get(i)}` : "");
}

function drawRow(r, row) {
  const i = rowArrow[row], run = rowWhat[row] === RUN ? runs.get(i) : undefined;
  r.row = row;
  r.e.id = `row-${row}`;
  r.e.style.transform = `translateY(${rowY(row)}px)`;
  const chosen = rowWhat[row] !== GAP && selected >= 0 && rowOf[selected] === row;
  r.e.setAttribute("aria-selected", chosen);
  r.e.setAttribute("aria-setsize", rowCount);
  r.e.setAttribute("aria-posinset", row + 1);
  if (rowWhat[row] === GAP) {
    drawGap(r, i, row);
    return;
  }
  r.e.className = classOf(row, i, run);
  r.e.style.setProperty("--h", hueOf(exchange[i]));
  r.e.title = ""; /* when it is pointed at */
  r.e.setAttribute("aria-label", fullText(i));
  drawTime(r, row, i);
  drawLabel(r, i, run, drawLine(r, i));
}

const rowY = row => seen.scale === 1 ? row * rowHeight : seen.scrolled + row * rowHeight - topOf();

/* everything: also what was drawn already. */
let asked = false, askedAll = false;
function draw(everything = true) {
  askedAll = askedAll || everything;
  if (asked)
    return;
  asked = true;
  requestAnimationFrame(drawNow);
}

function drawNow() {
  seen.scrolled = scroller.scrollTop;
  const left = scroller.scrollLeft;
  const all = askedAll || seen.scale !== 1, begin = Math.max(0, firstRow() - 8);
  const end = Math.min(rowCount, firstRow() + rowsSeen() + 9), free = [], have = new Map();
  asked = askedAll = false;
  rowsBox.style.setProperty("--x", `${left}px`);
  for (const r of pool)
    if (r.row >= begin && r.row < end)
      have.set(r.row, r);
    else
      free.push(r);
  for (let row = begin; row < end; row++) {
    let r = have.get(row);
    if (r && !all)
      continue;
    if (!r && !(r = free.pop()))
      pool.push(r = newRow());
    drawRow(r, row);
  }
  for (const r of free)
    if (r.row !== -2) {
      r.e.className = "row unused";
      r.e.removeAttribute("id");
      r.row = -2;
    }
  const chosen = selected >= 0 && rowOf[selected] >= 0 ? `row-${rowOf[selected]}` : "";
  scroller.setAttribute("aria-activedescendant", byId(chosen) ? chosen : "");
  drawMaps();
}

/* ---- lifelines, sizes ---- */

function newHead(life, number) {
  const e = part(headsBox, "head", "button"), line = part(linesBox, "lifeline");
  e.title = `${life.type || life.name}: ${life.help}; click to hide what it says and hears`;
  part(e, "name").textContent = life.name;
  e.addEventListener("click", () => mute(number));
  if (life.outside) {
    e.classList.add("outside");
    line.classList.add("outside");
  }
}

function layout() {
  const n = lifelines.length, least = LANE_MIN + 6 * Math.max(0, zoom - 2);
  rowHeight = ZOOMS[zoom];
  laneWidth = Math.max(least, (scroller.clientWidth - GUTTER - 12) / n);
  laneWidth = Math.min(laneWidth, 240);
  contentWidth = Math.max(GUTTER + n * laneWidth, scroller.clientWidth);
  widths.clear();
  document.body.classList.toggle("small", rowHeight < 20);
  document.body.classList.toggle("tiny", rowHeight < 14);
  document.body.style.setProperty("--row", `${rowHeight}px`);
  measureHeight();
  measureMaps();
  space.style.height = `${placedHeight() + HEADS}px`;
  space.style.width = `${contentWidth}px`;
  linesBox.style.setProperty("--tall", `${scroller.clientHeight - HEADS}px`);
  lifelines.forEach((life, k) => {
    const head = headsBox.children[k], line = linesBox.children[k];
    place(head, laneX(k) - laneWidth / 2 + 4, laneWidth - 8);
    head.setAttribute("aria-pressed", view.muted.has(k));
    head.classList.toggle("muted", view.muted.has(k));
    line.classList.toggle("muted", view.muted.has(k));
    place(line, laneX(k));
  });
  draw();
}

function setZoom(to) {
  const row = topOf() / rowHeight;
  zoom = Math.max(0, Math.min(ZOOMS.length - 1, to));
  layout();
  scrollTo(row * rowHeight);
}
