/* trace_page_data.js -- the trace, as it was embedded, in typed arrays. All of it is data, none is markup. */

const byId = id => document.getElementById(id);

function taken(id) {
  const element = byId(id), text = element.textContent;
  element.remove();
  return text;
}

const raw = JSON.parse(taken("trace"));
const bytesText = taken("bytes");

/* What an arrow is; the numbers are those of enum diagram_what. */
const MESSAGE = 0, SELF = 1, ARRIVES = 2, LEAVES = 3, LOST = 4, ENDS = 5, LOG = 6, NOTE = 7;
const SPAWNED = 1, REPEATS = 2;

const N = raw.what.length;
const lifelines = raw.lifelines, texts = raw.texts;

function column(name, Type) {
  const out = Type.from(raw[name]);
  raw[name] = null;
  return out;
}

/* A column of differences. */
function sums(name, Type) {
  const out = new Type(N), from = raw[name];
  for (let i = 0, at = 0; i < N; i++)
    out[i] = at += from[i];
  raw[name] = null;
  return out;
}

const kinds = raw.kinds.map(row => {
  const fields = [];
  for (let i = 1; i < row.length; i += 2)
    fields.push({name: row[i], type: row[i + 1]});
  return {name: row[0], fields, spans: fields.filter(f => f.type === "span").length};
});

const actors = [];
for (let i = 0; i < raw.actors.length; i += 3)
  actors.push({life: raw.actors[i], type: texts[raw.actors[i + 1]], ref: raw.actors[i + 2]});
raw.actors = null;

const what = column("what", Uint8Array), kindOf = column("kind", Uint16Array);
const from = column("from", Uint32Array), to = column("to", Uint32Array);
const exchange = column("exchange", Uint32Array);
const at = sums("at", Float64Array); /* nanoseconds after the first */
const took = column("took", Uint32Array), sequence = sums("sequence", Float64Array);
const label = column("label", Uint32Array), detail = column("detail", Uint32Array);
const cause = column("cause", Int32Array).map((back, i) => back ? i - back : -1);
const flags = column("flags", Uint16Array), worker = column("worker", Uint8Array);
const bits = column("bits", Uint8Array);
const values = raw.values, spans = raw.spans; /* the latter: length, blob, length, blob ... */

const valuesAt = new Uint32Array(N + 1), spansAt = new Uint32Array(N + 1);
for (let i = 0; i < N; i++) {
  const kind = kinds[kindOf[i]];
  valuesAt[i + 1] = valuesAt[i] + kind.fields.length - kind.spans;
  spansAt[i + 1] = spansAt[i] + 2 * kind.spans;
}

const exchanges = new Map();
for (const x of raw.exchanges)
  exchanges.set(x[0], {number: x[0], known: x[1], mode: x[2], connection: x[3], request: x[4], port: x[5],
    raw: x[6], status: x[7], answer: x[8], began: x[9], lasted: x[10], method: x[11], target: x[12]});
raw.exchanges = null;

/* messages/exchange_number.h: the stand-in agent's have the highest bit. */
const nameOf = number => number < 0x80000000 ? `${number}` : `a${number - 0x80000000}`;
const hueOf = number => number * 137.508 % 360;

function exchangeText(x) {
  if (!x)
    return "";
  const line = x.method ? `${x.method} ${x.target}` : x.raw ? "raw connection" : "";
  return line + (x.status || x.answer ? ` ${x.status || x.answer}` : "");
}

function sizeOf(i) {
  let size = 0;
  for (let s = spansAt[i]; s < spansAt[i + 1]; s += 2)
    size += spans[s];
  return size;
}

/* ---- numbers for people ---- */

function sizeText(bytes) {
  if (bytes < 1024)
    return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let unit = -1;
  for (; bytes >= 1024 && unit < 2; unit++)
    bytes /= 1024;
  return `${bytes.toFixed(bytes < 10 ? 1 : 0)} ${units[unit]}`;
}

function spanText(ns) {
  const a = Math.abs(ns);
  if (a < 1e3)
    return `${Math.round(ns)} ns`;
  if (a < 1e6)
    return `${(ns / 1e3).toFixed(a < 1e4 ? 1 : 0)} µs`;
  if (a < 1e9)
    return `${(ns / 1e6).toFixed(a < 1e7 ? 2 : a < 1e8 ? 1 : 0)} ms`;
  return `${(ns / 1e9).toFixed(a < 1e10 ? 2 : 1)} s`;
}

/* 1.234 567 */
function timeText(ns) {
  const us = Math.round(ns / 1e3), sign = us < 0 ? "-" : "", a = Math.abs(us);
  const part = String(a % 1e6).padStart(6, "0");
  return `${sign}${Math.floor(a / 1e6)}.${part.slice(0, 3)} ${part.slice(3)}`;
}

function wallText(ns) {
  const us = raw.about ? raw.about.wall_us + raw.after_clock_us + ns / 1e3 : NaN;
  const date = new Date(us / 1e3);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace("T", " ").replace("Z", " UTC");
}

/* ---- bytes: a line of base64 each, read when they are asked for ---- */

let blobLines = null;
function blob(number) {
  blobLines = blobLines || bytesText.slice(1).split("\n");
  const text = atob(blobLines[number] || ""), out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++)
    out[i] = text.charCodeAt(i);
  return out;
}
