/* trace_page_detail.js -- the chosen message: who, when, why, what it led to, its fields and bytes. */

const panel = byId("message");

function add(parent, tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined)
    e.textContent = text;
  if (className)
    e.className = className;
  parent.append(e);
  return e;
}

/* ---- what it led to ---- */

let ledTo = null; /* of each arrow: where its own begin in ledList */
let ledList = null;
function leads(i) {
  if (!ledTo) {
    ledTo = new Uint32Array(N + 2);
    for (let k = 0; k < N; k++)
      if (cause[k] >= 0)
        ledTo[cause[k] + 2]++;
    for (let k = 2; k < N + 2; k++)
      ledTo[k] += ledTo[k - 1];
    ledList = new Uint32Array(ledTo[N + 1]);
    for (let k = 0; k < N; k++)
      if (cause[k] >= 0)
        ledList[ledTo[cause[k] + 1]++] = k;
  }
  return ledList.subarray(ledTo[i], ledTo[i + 1]);
}

function findRelated() {
  related = new Map();
  if (selected < 0)
    return;
  for (const k of leads(selected))
    related.set(k, "led");
  for (let k = cause[selected], n = 0; k >= 0 && n < 1000; k = cause[k], n++)
    related.set(k, "cause");
}

/* ---- fields ---- */

const MEANINGS = {
  mode: ["mirror", "steal"],
  variant: ["HttpRequest", "HttpRequestFramed", "HttpRequestChunked(StartV1)", "HttpRequestChunked(StartV2)"],
};

function fieldText(field, value) {
  if (field.type === "flag")
    return value ? "yes" : "no";
  if (field.type === "ref")
    return value < 0 ? "nobody" : actorText(value);
  const meaning = MEANINGS[field.name] && MEANINGS[field.name][value];
  return meaning ? `${value} (${meaning})` : String(value);
}

function pair(list, name, text, className) {
  add(list, "dt", name);
  return add(list, "dd", text, className);
}

function link(parent, i, text) {
  const b = add(parent, "button", text, exchange[i] ? "link" : "link plain");
  b.title = fullText(i);
  b.style.setProperty("--h", hueOf(exchange[i]));
  b.addEventListener("click", () => choose(i, "middle"));
  return b;
}

function putWho(list, i) {
  if (what[i] === NOTE)
    return;
  if (from[i] === to[i])
    pair(list, "actor", actorText(to[i]));
  else {
    pair(list, "from", actorText(from[i]));
    pair(list, "to", actorText(to[i]));
  }
  if (exchange[i]) {
    const x = exchanges.get(exchange[i]), dd = pair(list, "exchange", undefined);
    const b = add(dd, "button", `#${nameOf(exchange[i])}`, "chip");
    b.style.setProperty("--h", hueOf(exchange[i]));
    b.title = "Show this exchange alone, or all again (e)";
    b.addEventListener("click", () => alone(exchange[i]));
    add(dd, "span", ` ${exchangeText(x)}`);
    if (x && x.known)
      pair(list, "ids", `${MEANINGS.mode[x.mode] || x.mode}, connection ${x.connection}` +
        (x.raw ? "" : `, request ${x.request}`) + (x.port ? `, port ${x.port}` : ""));
  }
}

function putWhen(list, i) {
  pair(list, "time", `${timeText(at[i])} s`, "number");
  if (wallText(at[i]))
    pair(list, "", wallText(at[i]), "number dim");
  if (took[i])
    pair(list, "handled in", spanText(took[i]));
  if (cause[i] >= 0 && what[i] !== LEAVES && what[i] !== LOG)
    pair(list, "waited", spanText(Math.max(0, at[i] - at[cause[i]] - took[cause[i]])));
  pair(list, "record", `${sequence[i]}, worker ${worker[i]}`);
  if (flags[i] && what[i] !== ENDS && what[i] !== LEAVES && what[i] !== LOG)
    pair(list, "flags", `0x${hexOf(flags[i], 2)}`);
}

function putFields(parent, i) {
  const kind = kinds[kindOf[i]], plain = kind.fields.filter(f => f.type !== "span");
  if (!plain.length)
    return;
  const list = section(parent, "Fields", "dl");
  plain.forEach((f, k) => pair(list, f.name, fieldText(f, values[valuesAt[i] + k])));
}

function section(parent, title, tag) {
  add(parent, "h3", title);
  return add(parent, tag || "div");
}

function putStory(parent, i) {
  const led = leads(i);
  if (cause[i] >= 0)
    link(section(parent, "Because of"), cause[i], shortText(cause[i]));
  if (led.length || detail[i]) {
    const box = section(parent, "Led to");
    for (const k of led.slice(0, 50))
      link(box, k, shortText(k));
    if (led.length > 50)
      add(box, "p", `and ${led.length - 50} more`, "dim");
    for (const text of texts[detail[i]].split("; ").filter(t => t))
      add(box, "div", text, "effect");
  }
}

function shortText(i) {
  const arrow = what[i] === ENDS || what[i] === LOG || from[i] === to[i] ? "" :
    ` → ${actors[to[i]].life < 0 ? "?" : lifelines[actors[to[i]].life].name}`;
  return `${kinds[kindOf[i]].name} ${texts[label[i]]}${arrow}`;
}

/* ---- bytes ---- */

function putHead(parent, head) {
  const box = add(parent, "div", undefined, "http");
  add(box, "div", head.first, "first");
  for (const [name, value] of head.fields) {
    const line = add(box, "div");
    add(line, "b", `${name}: `);
    line.append(value);
  }
  if (!head.whole)
    add(box, "div", "(the rest was cut)", "dim");
}

let shownAs = "hex";
function putBytes(parent, bytes, length) {
  const bar = add(parent, "div", undefined, "bar");
  const pre = add(parent, "pre", undefined, "bytes");
  const show = how => {
    pre.textContent = how === "hex" ? hexText(bytes) : plainText(bytes);
    pre.dataset.as = how;
    for (const b of bar.querySelectorAll("button"))
      b.setAttribute("aria-pressed", b.textContent === how);
  };
  for (const how of ["hex", "text"])
    add(bar, "button", how).addEventListener("click", () => show(shownAs = how));
  if (bytes.length < length)
    add(bar, "span", `${bytes.length} of ${length} bytes are in this page`, "dim");
  show(shownAs === "text" || isText(bytes) ? "text" : "hex");
}

function putSpans(parent, i) {
  const kind = kinds[kindOf[i]];
  let s = spansAt[i];
  for (const field of kind.fields)
    if (field.type === "span") {
      const length = spans[s], bytes = blob(spans[s + 1]);
      s += 2;
      if (!length)
        continue;
      const box = section(parent, `${field.name}, ${sizeText(length)}`);
      const head = field.name === "head" ? headOf(kind.name, bytes) : null;
      if (head)
        putHead(box, head);
      putBytes(box, bytes, length);
    }
}

/* ---- the panel ---- */

function putHint() {
  panel.replaceChildren();
  add(panel, "p", "Choose a message: click it, or use j and k.", "dim");
  add(panel, "p", "Colours are exchanges. A full head: it was heard; an open one: it left for the world " +
    "outside; dashed: it was the first word to a new actor; a cross: nobody heard it.", "dim");
}

function showDetail() {
  const i = selected;
  if (i < 0) {
    putHint();
    return;
  }
  panel.replaceChildren();
  const title = add(panel, "h2");
  title.style.setProperty("--h", hueOf(exchange[i]));
  title.className = exchange[i] ? "" : "plain";
  add(title, "span", kinds[kindOf[i]].name, "kind");
  if (label[i])
    add(panel, "p", texts[label[i]], "label");
  const run = runs.get(i);
  if (run) {
    const p = add(panel, "p", `first of ${run.count}, ${sizeText(run.bytes)} in ${spanText(run.ended - at[i])} `);
    add(p, "button", view.unfolded.has(i) ? "fold" : "unfold", "chip plain").addEventListener("click", () => fold(i));
  }
  const list = add(panel, "dl");
  putWho(list, i);
  putWhen(list, i);
  putFields(panel, i);
  putStory(panel, i);
  putSpans(panel, i);
  panel.parentElement.scrollTop = 0;
}
