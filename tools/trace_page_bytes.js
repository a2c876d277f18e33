/* trace_page_bytes.js -- bytes for people: in hex and text, and HTTP heads as HTTP writes them. */

const decoder = new TextDecoder("utf-8");

const readable = byte => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
const hexOf = (byte, digits) => byte.toString(16).padStart(digits, "0");

/* 00000010  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  HTTP/1.1 200 OK· */
function hexText(bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += 16) {
    let hex = "", text = "";
    for (let k = i; k < Math.min(i + 16, bytes.length); k++) {
      hex += `${hexOf(bytes[k], 2)} ${k === i + 7 ? " " : ""}`;
      text += readable(bytes[k]);
    }
    lines.push(`${hexOf(i, 4)}  ${hex.padEnd(49)} ${text}`);
  }
  return lines.join("\n");
}

/* As UTF-8; what would not be seen, or would turn the order of characters round, by its number. */
function plainText(bytes) {
  return decoder.decode(bytes).replace(/\r\n/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
      c => `\\x${hexOf(c.charCodeAt(0), 2)}`);
}

function isText(bytes) {
  let odd = 0;
  for (const byte of bytes)
    odd += byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13 || byte === 0x7f;
  return bytes.length > 0 && odd <= bytes.length / 50 && !decoder.decode(bytes.subarray(0, -4)).includes("\ufffd");
}

/* ---- heads, in the form of messages/http_head.h; undefined behind their end ---- */

class HeadReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  number() {
    const first = this.bytes[this.at++];
    const width = {0xfb: 2, 0xfc: 4, 0xfd: 8}[first];
    if (first === undefined || first <= 250 || !width)
      return first <= 250 ? first : undefined;
    let n = 0;
    for (let k = width - 1; k >= 0; k--)
      n = n * 256 + this.bytes[this.at + k];
    this.at += width;
    return Number.isNaN(n) ? undefined : n;
  }

  text() {
    const length = this.number(), begin = this.at;
    if (length === undefined || begin + length > this.bytes.length)
      return undefined;
    this.at += length;
    return plainText(this.bytes.subarray(begin, this.at));
  }

  /* False: they end too early. */
  fields(lines) {
    for (let names = this.number(); names > 0; names--) {
      const name = this.text();
      for (let count = this.number(); count > 0; count--) {
        const value = this.text();
        if (value === undefined)
          return false;
        lines.push([name, value]);
      }
      if (name === undefined)
        return false;
    }
    return true;
  }
}

const REQUEST_HEADS = ["REQUEST", "ASSIGN", "AGENT_ROUTE", "AGENT_OFFER"];

/* {first, fields, whole}; null: it is no head. */
function headOf(kindName, bytes) {
  const r = new HeadReader(bytes), fields = [];
  if (!bytes.length)
    return null;
  if (REQUEST_HEADS.includes(kindName)) {
    const method = r.text(), target = r.text();
    const whole = target !== undefined && r.fields(fields), version = whole ? r.text() : undefined;
    return method === undefined ? null : {first: `${method} ${target} ${version || ""}`, fields, whole};
  }
  if (kindName !== "RESPONSE" && kindName !== "ANSWER")
    return null;
  for (let ids = kindName === "ANSWER" ? 3 : 0; ids > 0; ids--)
    r.number();
  const status = r.number(), version = r.text();
  return version === undefined ? null : {first: `${version} ${status}`, fields, whole: r.fields(fields)};
}
