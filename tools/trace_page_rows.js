/* trace_page_rows.js -- what is drawn, row by row: arrows, runs of repeated data, gaps.
 *
 * A body passes through five actors in turn, and other exchanges come between: so runs are found for each
 * exchange apart, as tools/trace_diagram_runs.c does.
 */

const GAP_NS = 10e6;
const ARROW = 0, RUN = 1, PIECE = 2, GAP = 3; /* what a row is */

const view = {
  collapse: true,
  quiet: false,
  alone: new Set(),    /* exchanges; empty: all */
  muted: new Set(),    /* lifelines */
  unfolded: new Set(), /* runs, by their first arrow */
};

let rowWhat = new Uint8Array(0), rowArrow = new Int32Array(0), rowCount = 0;
let rowOf = new Int32Array(N); /* of each arrow; -1: it is not shown */
let runs = new Map();          /* first arrow: {count, bytes, ended, label if all have the same} */
let shownCount = 0;            /* arrows */

const quietKinds = kinds.map(k => ["TIMER", "CREDIT", "DOWN", "SOCKET_DRAINED", "CONTINUE"].includes(k.name));

function isShown(i) {
  if (view.quiet && (quietKinds[kindOf[i]] || what[i] === ENDS))
    return false;
  if (what[i] === NOTE)
    return true;
  if (view.alone.size && !view.alone.has(exchange[i]))
    return false;
  return !(view.muted.size && (view.muted.has(actors[from[i]].life) || view.muted.has(actors[to[i]].life)));
}

/* The first arrow of the run that each one belongs to; itself: of none, or it is the first. */
function findRuns() {
  const first = new Int32Array(N), of = new Map();
  runs = new Map();
  for (let i = 0; i < N; i++) {
    first[i] = i;
    if (!view.collapse || !isShown(i))
      continue;
    let open = of.get(exchange[i]);
    if (!(bits[i] & REPEATS)) {
      if (open)
        open.clear();
      continue;
    }
    if (!open)
      of.set(exchange[i], open = new Map());
    const key = (from[i] * actors.length + to[i]) * kinds.length + kindOf[i];
    const begun = open.get(key);
    if (begun === undefined)
      open.set(key, i);
    else
      join(first, begun, i);
  }
  return first;
}

function join(first, begun, i) {
  let run = runs.get(begun);
  if (!run)
    runs.set(begun, run = {count: 1, bytes: sizeOf(begun), ended: at[begun], label: label[begun]});
  first[i] = begun;
  run.count++;
  run.bytes += sizeOf(i);
  run.ended = at[i];
  run.label = run.label === label[i] ? run.label : 0;
}

function put(what, arrow) {
  rowWhat[rowCount] = what;
  rowArrow[rowCount] = arrow;
  return rowCount++;
}

/* After each change of `view`. */
function buildRows() {
  const first = findRuns();
  rowWhat = new Uint8Array(2 * N + 1);
  rowArrow = new Int32Array(2 * N + 1);
  rowOf = new Int32Array(N).fill(-1);
  rowCount = shownCount = 0;
  let last = -Infinity;
  for (let i = 0; i < N; i++) {
    if (!isShown(i))
      continue;
    shownCount++;
    const folded = first[i] !== i && !view.unfolded.has(first[i]);
    if (folded) {
      rowOf[i] = rowOf[first[i]];
      continue;
    }
    if (at[i] - last >= GAP_NS && last > -Infinity)
      put(GAP, i);
    last = at[i];
    rowOf[i] = put(runs.has(i) ? RUN : first[i] === i ? ARROW : PIECE, i);
  }
}

/* The row nearest to a time. */
function rowAtTime(ns) {
  let low = 0, high = rowCount - 1;
  while (low < high) {
    const middle = low + high >> 1;
    if (at[rowArrow[middle]] < ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
