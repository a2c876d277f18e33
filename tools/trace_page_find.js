/* trace_page_find.js -- the search: all words must be found, each in a kind, a label, an actor or an exchange.
 *
 *   word          anywhere in these        "two words"   as they stand
 *   field=value   the message's field      bytes:text    in the bytes it carries
 */

let hits = new Int32Array(0), hitSet = new Uint8Array(N), hitAt = -1;

const lower = text => text.toLowerCase();
const lowerOnce = list => {
  let all = null;
  return () => all = all || list().map(lower);
};
const kindTexts = lowerOnce(() => kinds.map(k => k.name));
const labelTexts = lowerOnce(() => texts);
const actorTexts = lowerOnce(() => actors.map(a =>
  `${a.life < 0 ? "" : lifelines[a.life].name} ${a.type} ${a.ref}`));

function wordsOf(query) {
  const words = [];
  for (const found of query.matchAll(/bytes:"([^"]*)"?|"([^"]*)"?|(\S+)/g)) {
    if (found[1] !== undefined)
      words.push({bytes: found[1]});
    else if (found[2] !== undefined)
      words.push({text: lower(found[2])});
    else
      words.push(wordOf(found[3]));
  }
  return words.filter(w => w.bytes || w.text || w.field);
}

const SHORT = {conn: "connection", req: "request"};
function wordOf(word) {
  if (word.startsWith("bytes:"))
    return {bytes: word.slice(6)};
  const parts = /^([a-z_]+)==?(.+)$/.exec(word);
  return parts ? {field: SHORT[parts[1]] || parts[1], value: parts[2]} : {text: lower(word)};
}

const flagsOf = (list, test) => Uint8Array.from(list, text => test(text) ? 1 : 0);

function textMatcher(word) {
  const has = text => text.includes(word), byKind = flagsOf(kindTexts(), has);
  const byLabel = flagsOf(labelTexts(), has), byActor = flagsOf(actorTexts(), has);
  const byExchange = new Set();
  for (const x of exchanges.values())
    if (lower(`${x.method} ${x.target}`).includes(word) || `#${nameOf(x.number)}` === word)
      byExchange.add(x.number);
  return i => byKind[kindOf[i]] || byLabel[label[i]] || byActor[from[i]] || byActor[to[i]] ||
    byExchange.has(exchange[i]);
}

/* Where in the values of a kind a field stands; -1: it has none of that name. */
function placeOf(kind, field) {
  let place = 0;
  for (const f of kind.fields) {
    if (f.name === field)
      return f.type === "span" ? -1 : place;
    place += f.type !== "span";
  }
  return -1;
}

function fieldMatcher(field, value) {
  const places = kinds.map(k => placeOf(k, field));
  if (field === "exchange")
    return i => nameOf(exchange[i]) === value;
  return i => places[kindOf[i]] >= 0 && String(values[valuesAt[i] + places[kindOf[i]]]) === value;
}

function bytesMatcher(text) {
  const wanted = unescape(encodeURIComponent(text)), known = new Map();
  const has = number => {
    if (!known.has(number))
      known.set(number, (blobLines || blob(0) && blobLines)[number] !== undefined &&
        atob(blobLines[number]).includes(wanted));
    return known.get(number);
  };
  return i => {
    for (let s = spansAt[i]; s < spansAt[i + 1]; s += 2)
      if (has(spans[s + 1]))
        return true;
    return false;
  };
}

const matcherOf = w => w.bytes ? bytesMatcher(w.bytes) : w.field ? fieldMatcher(w.field, w.value) :
  textMatcher(w.text);

/* Fills `hits`, in order. */
function search(query) {
  const matchers = wordsOf(query).map(matcherOf), found = [];
  hitSet.fill(0);
  hitAt = -1;
  if (matchers.length)
    for (let i = 0; i < N; i++)
      if (rowOf[i] >= 0 && matchers.every(matches => matches(i))) {
        found.push(i);
        hitSet[i] = 1;
      }
  hits = Int32Array.from(found);
}

/* A row is a hit if one of the arrows it stands for is. */
let hitRows = new Set();
function markHits() {
  hitRows = new Set();
  for (const i of hits)
    if (rowOf[i] >= 0)
      hitRows.add(rowOf[i]);
}
