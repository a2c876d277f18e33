/* trace_page_control.js -- what its reader does: keys, clicks, filters; and how the page begins. */

const queryBox = byId("query");

function say(text) {
  byId("said").textContent = text;
}

/* ---- choosing ---- */

function choose(i, where = "near") {
  if (i < 0 || i >= N)
    return;
  if (rowOf[i] < 0)
    showEverything();
  else if (rowArrow[rowOf[i]] !== i && runs.has(rowArrow[rowOf[i]]))
    view.unfolded.add(rowArrow[rowOf[i]]), rebuild();
  selected = i;
  findRelated();
  scrollToRow(rowOf[i], where);
  showTab("message");
  showDetail();
  draw();
  say(fullText(i));
  remember();
}

function chooseRow(row, step) {
  while (row >= 0 && row < rowCount && rowWhat[row] === GAP)
    row += step;
  if (row >= 0 && row < rowCount)
    choose(rowArrow[row]);
}

function move(step) {
  const row = selected >= 0 && rowOf[selected] >= 0 ? rowOf[selected] + step : firstRow();
  chooseRow(Math.max(0, Math.min(rowCount - 1, row)), step > 0 ? 1 : -1);
}

function fold(first) {
  if (!view.unfolded.delete(first))
    view.unfolded.add(first);
  rebuild();
  showDetail();
}

/* Enter: the run that the chosen message is, or is a piece of. */
function foldChosen() {
  if (selected < 0 || rowOf[selected] < 0)
    return;
  if (runs.has(selected))
    fold(selected);
}

/* ---- what is shown ---- */

/* What stands at the top stays there. */
function rebuild() {
  const keep = rowCount ? rowArrow[Math.min(firstRow(), rowCount - 1)] : -1;
  const anchor = selected >= 0 && rowOf[selected] >= 0 ? selected : keep;
  const before = anchor >= 0 ? rowOf[anchor] * rowHeight - topOf() : 0;
  buildRows();
  search(queryBox.value);
  markHits();
  showCount();
  showChips();
  timePicture = null;
  layout();
  if (anchor >= 0 && rowOf[anchor] >= 0)
    scrollTo(rowOf[anchor] * rowHeight - before);
  byId("said").textContent = `${shownCount} of ${N} messages in ${rowCount} rows`;
  remember();
}

function alone(number) {
  if (view.alone.size === 1 && view.alone.has(number))
    view.alone.clear();
  else
    view.alone = new Set([number]);
  rebuild();
  drawList();
  if (selected >= 0 && rowOf[selected] >= 0)
    scrollToRow(rowOf[selected], "middle");
  else
    scrollTo(0);
}

function mute(life) {
  if (!view.muted.delete(life))
    view.muted.add(life);
  rebuild();
}

function showEverything() {
  view.alone.clear();
  view.muted.clear();
  view.quiet = false;
  byId("quiet").setAttribute("aria-pressed", false);
  rebuild();
  drawList();
}

function toggle(name) {
  view[name] = !view[name];
  byId(name).setAttribute("aria-pressed", view[name]);
  rebuild();
}

function showChips() {
  const box = byId("chips");
  box.replaceChildren();
  for (const number of view.alone) {
    const b = add(box, "button", `#${nameOf(number)} ${exchangeText(exchanges.get(number))} ×`, "chip");
    b.style.setProperty("--h", hueOf(number));
    b.title = "Show all exchanges again (x)";
    b.addEventListener("click", () => alone(number));
  }
}

/* ---- the search ---- */

function showCount() {
  const asked = queryBox.value.trim() !== "";
  byId("count").textContent = !asked ? "" : `${hitAt >= 0 ? `${hitAt + 1} / ` : ""}${hits.length}`;
  byId("find").classList.toggle("none", asked && hits.length === 0);
}

function find() {
  search(queryBox.value);
  markHits();
  showCount();
  draw();
  remember();
}

/* From what is chosen, or what is seen, on; round at the ends. */
function nextHit(step) {
  if (!hits.length)
    return;
  if (hitAt < 0) {
    const here = selected >= 0 ? selected : rowCount ? rowArrow[firstRow()] - (step > 0) : 0;
    hitAt = step > 0 ? hits.findIndex(i => i > here) : hits.findLastIndex(i => i < here);
    hitAt = hitAt < 0 ? (step > 0 ? 0 : hits.length - 1) : hitAt;
  } else
    hitAt = (hitAt + step + hits.length) % hits.length;
  const kept = hitAt;
  choose(hits[hitAt], "near");
  hitAt = kept; /* choose may have searched anew */
  showCount();
  draw();
}

/* ---- exchanges ---- */

const listBox = byId("list"), listSpace = byId("list-space"), ITEM = 40;
let listed = [...exchanges.values()];

function drawList() {
  const first = Math.floor(listBox.scrollTop / ITEM), many = Math.ceil(listBox.clientHeight / ITEM) + 2;
  listSpace.style.height = `${listed.length * ITEM}px`;
  listSpace.replaceChildren();
  listed.slice(first, first + many).forEach((x, k) => {
    const b = add(listSpace, "button", undefined, "item");
    b.style.top = `${(first + k) * ITEM}px`;
    b.style.setProperty("--h", hueOf(x.number));
    b.setAttribute("aria-pressed", view.alone.has(x.number));
    b.title = `Exchange ${nameOf(x.number)}: ${exchangeText(x)}; click to see it alone`;
    add(b, "span", `#${nameOf(x.number)}`, "number");
    add(b, "span", x.method ? `${x.method} ${x.target}` : x.raw ? "raw connection" : "", "line");
    add(b, "span", `${x.status || x.answer || ""}`, "status");
    add(b, "span", `${timeText(x.began)} s, ${spanText(x.lasted)}` +
      (x.known ? `, conn ${x.connection}${x.raw ? "" : ` req ${x.request}`}` : ""), "when");
    b.addEventListener("click", () => alone(x.number));
  });
}

function order(slowest) {
  listed = [...exchanges.values()].sort((a, b) => slowest ? b.lasted - a.lasted : a.began - b.began);
  byId("by-start").setAttribute("aria-pressed", !slowest);
  byId("by-length").setAttribute("aria-pressed", slowest);
  listBox.scrollTop = 0;
  drawList();
}

function showTab(name) {
  for (const tab of ["message", "exchanges"]) {
    byId(tab).hidden = tab !== name;
    byId(`tab-${tab}`).setAttribute("aria-selected", tab === name);
  }
  if (name === "exchanges")
    drawList();
}

/* ---- the address: what is seen can be sent to somebody ---- */

let remembering = false;
function remember() {
  if (!remembering)
    return;
  const parts = new URLSearchParams();
  if (selected >= 0)
    parts.set("message", selected);
  if (view.alone.size)
    parts.set("exchange", [...view.alone].join(","));
  if (queryBox.value)
    parts.set("search", queryBox.value);
  try {
    history.replaceState(null, "", `#${parts}`);
  } catch (e) {
    remembering = false; /* some browsers do not allow it for files, or not so often */
  }
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  queryBox.value = parts.get("search") || "";
  for (const number of (parts.get("exchange") || "").split(","))
    if (exchanges.has(Number(number)))
      view.alone.add(Number(number));
  rebuild();
  if (parts.get("message") !== null && Number(parts.get("message")) < N)
    choose(Number(parts.get("message")), "middle");
  remembering = true;
}

/* ---- keys and clicks ---- */

const KEYS = {
  j: () => move(1), ArrowDown: () => move(1),
  k: () => move(-1), ArrowUp: () => move(-1),
  PageDown: () => move(rowsSeen() - 2), PageUp: () => move(2 - rowsSeen()),
  g: () => chooseRow(0, 1), Home: () => chooseRow(0, 1),
  G: () => chooseRow(rowCount - 1, -1), End: () => chooseRow(rowCount - 1, -1),
  n: () => nextHit(1), N: () => nextHit(-1),
  Enter: foldChosen, " ": foldChosen,
  c: () => selected >= 0 && choose(cause[selected], "near"),
  v: () => selected >= 0 && leads(selected).length && choose(leads(selected)[0], "near"),
  e: () => selected >= 0 && exchange[selected] && alone(exchange[selected]),
  x: showEverything, d: () => toggle("collapse"), t: () => toggle("quiet"),
  "+": () => setZoom(zoom + 1), "=": () => setZoom(zoom + 1), "-": () => setZoom(zoom - 1), 0: () => setZoom(4),
  "/": () => {
    queryBox.focus();
    queryBox.select();
  },
  "?": () => byId("keys").showModal(),
  Escape: () => {
    queryBox.value = "";
    find();
    showEverything();
  },
};

function onKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || byId("keys").open)
    return;
  if (e.target === queryBox) {
    if (e.key === "Enter")
      nextHit(e.shiftKey ? -1 : 1);
    else if (e.key === "Escape")
      scroller.focus();
    return;
  }
  const pressed = e.target instanceof HTMLButtonElement && (e.key === "Enter" || e.key === " ");
  if (pressed || !Object.hasOwn(KEYS, e.key))
    return;
  e.preventDefault();
  KEYS[e.key]();
}

function onClick(e) {
  const box = e.target.closest(".row");
  const r = box && pool.find(r => r.e === box);
  if (!r || r.row < 0 || rowWhat[r.row] === GAP)
    return;
  const i = rowArrow[r.row], again = selected === i;
  choose(i);
  if (rowWhat[r.row] === RUN && (again || e.target.closest(".kind, .size")))
    fold(i);
}

function listen() {
  let late = 0;
  document.addEventListener("keydown", onKey);
  rowsBox.addEventListener("click", onClick);
  rowsBox.addEventListener("mouseover", e => {
    const box = e.target.closest(".row");
    if (box && !box.title)
      box.title = box.getAttribute("aria-label");
  });
  scroller.addEventListener("scroll", () => draw(false), {passive: true});
  listBox.addEventListener("scroll", drawList, {passive: true});
  queryBox.addEventListener("input", () => {
    clearTimeout(late);
    late = setTimeout(find, N > 50000 ? 150 : 0);
  });
  const clicks = {previous: () => nextHit(-1), next: () => nextHit(1), collapse: KEYS.d, quiet: KEYS.t,
    smaller: KEYS["-"], larger: KEYS["+"], help: KEYS["?"], all: showEverything,
    "by-start": () => order(false), "by-length": () => order(true),
    "tab-message": () => showTab("message"), "tab-exchanges": () => showTab("exchanges")};
  for (const [id, click] of Object.entries(clicks))
    byId(id).addEventListener("click", click);
  scroller.addEventListener("wheel", e => {
    if (!e.ctrlKey)
      return;
    e.preventDefault();
    setZoom(zoom + (e.deltaY < 0 ? 1 : -1));
  }, {passive: false});
  new ResizeObserver(() => {
    timePicture = null;
    layout();
  }).observe(scroller);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaintMaps);
}

/* ---- the beginning ---- */

function introduce() {
  const a = raw.about, effects = what.filter(w => w === LEAVES || w === LOG).length;
  const parts = [`${N - effects} messages, ${effects} effects`, `${exchanges.size} exchanges`];
  document.title = `${raw.title} - intproxy-trace`;
  byId("title").textContent = raw.title;
  if (N)
    parts.push(spanText(at[N - 1]));
  if (a)
    parts.push(`${a.program} ${a.build}`, `protocol ${a.protocol}`, wallText(0));
  if (raw.filter)
    parts.push(`filter ${raw.filter}`);
  byId("about").textContent = parts.filter(p => p).join(" · ");
  byId("about").title = a ? `${a.options}\n${a.system}\n${a.why}` : "";
}

function sayCuts() {
  const parts = [raw.redacted ? "secrets are redacted" : "not redacted: it may hold secrets"];
  if (raw.cut_spans)
    parts.push(`${raw.cut_spans} payloads are cut to ${sizeText(raw.bytes_max)} ` +
      `(${sizeText(raw.cut_bytes)} left out, --bytes-max)`);
  if (raw.capped_spans)
    parts.push(`${raw.capped_spans} payloads were not recorded whole (--trace-bodies)`);
  if (raw.left_out)
    parts.push(`${raw.left_out} messages are left out (--filter, --exchange)`);
  byId("cut").textContent = parts.join(" · ");
}

function begin() {
  lifelines.forEach(newHead);
  introduce();
  sayCuts();
  listen();
  putHint();
  layout();
  recall();
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("drawn")));
  scroller.focus();
}

begin();
