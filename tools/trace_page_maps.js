/* trace_page_maps.js -- the time axis above, and the whole trace at the right. */

const timeMap = byId("time"), rowMap = byId("map");
let timePicture = null, rowPicture = null; /* without what moves */

/* Sizes and colours, read once a layout: asking for them at each frame would lay the page out again. */
const sizes = new Map();
let palette = {};

function measureMaps() {
  const style = getComputedStyle(document.body);
  for (const canvas of [timeMap, rowMap])
    sizes.set(canvas, [canvas.clientWidth, canvas.clientHeight]);
  for (const name of ["--s", "--l", "--plain", "--dim", "--rule", "--window", "--accent", "--mark"])
    palette[name] = style.getPropertyValue(name).trim();
}

function fitted(canvas) {
  const ratio = devicePixelRatio || 1, [w, h] = sizes.get(canvas);
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, w, h);
  return [c, w, h];
}

const colour = name => palette[name];

function exchangeColour(number) {
  return number ? `hsl(${hueOf(number)} ${colour("--s")} ${colour("--l")})` : colour("--plain");
}

/* ---- time ---- */

let timeFrom = 0, timeTo = 1;
const timeX = (ns, w) => (ns - timeFrom) / (timeTo - timeFrom) * (w - 2) + 1;

/* Heights by how many messages there were, colours by whose they were: up to so many shares a column. */
const SHARES = 12;
function columnsOf(w) {
  const columns = Array.from({length: w}, () => new Map());
  for (let row = 0; row < rowCount; row++) {
    const i = rowArrow[row];
    if (rowWhat[row] === GAP)
      continue;
    const c = columns[Math.min(w - 1, Math.max(0, Math.floor(timeX(at[i], w))))];
    const whose = c.size < SHARES || c.has(exchange[i]) ? exchange[i] : -1;
    c.set(whose, (c.get(whose) || 0) + (rowWhat[row] === RUN && !view.unfolded.has(i) ? runs.get(i).count : 1));
  }
  return columns;
}

function niceStep(span, count) {
  const rough = span / count, unit = 10 ** Math.floor(Math.log10(rough));
  return unit * ([1, 2, 5].find(k => k * unit >= rough) || 10);
}

function drawTicks(c, w, h) {
  const step = niceStep(timeTo - timeFrom, Math.max(2, w / 110));
  c.font = "10px system-ui, sans-serif";
  c.fillStyle = colour("--dim");
  c.strokeStyle = colour("--rule");
  c.beginPath();
  for (let t = Math.ceil(timeFrom / step) * step; t <= timeTo; t += step) {
    const x = Math.round(timeX(t, w)) + 0.5;
    c.moveTo(x, 0);
    c.lineTo(x, h);
    if (x < w - 40)
      c.fillText(t === 0 ? "0" : spanText(t).replace(/\.0+(?= )/, ""), x + 3, h - 3);
  }
  c.stroke();
}

function timeOfTrace() {
  timeFrom = 0;
  timeTo = 1e3;
  for (let row = 0; row < rowCount; row++) {
    timeFrom = Math.min(timeFrom, at[rowArrow[row]]);
    timeTo = Math.max(timeTo, at[rowArrow[row]]);
  }
}

function paintTime() {
  const [c, w, h] = fitted(timeMap);
  timeOfTrace();
  const columns = columnsOf(Math.max(1, Math.floor(w / 2)));
  let most = 1;
  for (const column of columns)
    most = Math.max(most, [...column.values()].reduce((a, b) => a + b, 0));
  drawTicks(c, w, h);
  columns.forEach((column, x) => {
    const all = [...column.values()].reduce((a, b) => a + b, 0);
    const tall = all ? Math.max(2, Math.sqrt(all / most) * (h - 16)) : 0;
    let y = h - 13;
    for (const [whose, count] of [...column].sort((a, b) => a[0] - b[0])) {
      const part = tall * count / all;
      c.fillStyle = whose < 0 ? colour("--plain") : exchangeColour(whose);
      c.fillRect(x * 2, y - part, 1.5, part);
      y -= part;
    }
  });
  return copyOf(timeMap);
}

/* ---- rows ---- */

function paintRows() {
  const [c, w, h] = fitted(rowMap);
  const lines = Math.floor(h);
  for (let y = 0; y < lines; y++) {
    const row = Math.floor(y / lines * rowCount);
    if (row >= rowCount)
      continue;
    c.fillStyle = rowWhat[row] === GAP ? colour("--rule") : exchangeColour(exchange[rowArrow[row]]);
    c.fillRect(5, y, w - 10, 1);
  }
  return copyOf(rowMap);
}

function copyOf(canvas) {
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  if (canvas.width && canvas.height)
    copy.getContext("2d").drawImage(canvas, 0, 0);
  return copy;
}

function paste(c, picture, w, h) {
  if (picture.width && picture.height)
    c.drawImage(picture, 0, 0, w, h);
}

/* ---- what moves ---- */

function drawMaps() {
  if (!timePicture) {
    timePicture = paintTime();
    rowPicture = paintRows();
  }
  const first = Math.min(firstRow(), Math.max(0, rowCount - 1));
  const last = Math.max(first, Math.min(rowCount - 1, first + rowsSeen() - 1));
  drawTimeNow(first, last);
  drawRowsNow(first, last);
}

function drawTimeNow(first, last) {
  const [c, w, h] = fitted(timeMap);
  paste(c, timePicture, w, h);
  if (!rowCount)
    return;
  const a = timeX(at[rowArrow[first]], w), b = timeX(at[rowArrow[last]], w);
  c.fillStyle = colour("--window");
  c.fillRect(a - 2, 0, Math.max(5, b - a + 4), h);
  c.strokeStyle = colour("--accent");
  c.strokeRect(a - 1.5, 0.5, Math.max(4, b - a + 3), h - 1);
  c.fillStyle = colour("--mark");
  for (let k = 0; k < hits.length; k += Math.ceil(hits.length / 4000))
    c.fillRect(timeX(at[hits[k]], w) - 1, 0, 2, 5);
  if (selected >= 0) {
    c.fillStyle = colour("--accent");
    c.fillRect(timeX(at[selected], w) - 1, 0, 2, h);
  }
}

function drawRowsNow(first, last) {
  const [c, w, h] = fitted(rowMap), y = row => row / Math.max(1, rowCount) * h;
  paste(c, rowPicture, w, h);
  c.fillStyle = colour("--window");
  c.fillRect(0, y(first), w, Math.max(4, y(last + 1) - y(first)));
  c.strokeStyle = colour("--accent");
  c.strokeRect(0.5, y(first) + 0.5, w - 1, Math.max(3, y(last + 1) - y(first) - 1));
  c.fillStyle = colour("--mark");
  for (let k = 0; k < hits.length; k += Math.ceil(hits.length / 4000))
    c.fillRect(w - 5, y(rowOf[hits[k]]) - 1, 5, 2);
  if (selected >= 0 && rowOf[selected] >= 0) {
    c.fillStyle = colour("--accent");
    c.fillRect(0, y(rowOf[selected]) - 1, w, 2);
  }
}

function repaintMaps() {
  timePicture = null;
  measureMaps();
  draw();
}

/* ---- going there ---- */

function dragged(canvas, go) {
  const follow = e => {
    const box = canvas.getBoundingClientRect();
    go((e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height);
  };
  canvas.addEventListener("pointerdown", e => {
    canvas.setPointerCapture(e.pointerId);
    follow(e);
  });
  canvas.addEventListener("pointermove", e => e.buttons && follow(e));
}

dragged(timeMap, x => scrollToRow(rowAtTime(timeFrom + x * (timeTo - timeFrom)), "middle"));
dragged(rowMap, (x, y) => scrollToRow(Math.floor(y * rowCount), "middle"));
