// Labels of a conditional generator, such as hair=blue: which a name has, and what they change.
//
// data.labels is null, or {factors: [{name, values}, ...], rows, counts}: the combinations that the
// data have, as numbers of values, and how often. The same as dcgan/data/labels.py.

/**
 * The label of an id, drawn by the id with the data's own frequencies: a number for each factor.
 *
 * 16 bytes of BLAKE2b("seed/id") as a whole number, modulo the number of pictures, say which
 * picture's label it is, if pictures stand in the order of `rows`.
 */
function labelOfId(id, labels, seed = 0) {
  const total = labels.counts.reduce((sum, count) => sum + count, 0);
  const digest = blake2b(new TextEncoder().encode(`${seed}/${id}`), 16, "label");
  const number = digest.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let place = Number(number % BigInt(total));
  for (let i = 0; i < labels.rows.length; i++) {
    if (place < labels.counts[i]) {
      return labels.rows[i];
    }
    place -= labels.counts[i];
  }
}

/** Its id's label, with what was asked for in place of it: asked is {number of a factor: value}. */
function labelOfState(state, labels) {
  if (labels === null) {
    return [];
  }
  return labelOfId(state.id, labels).map((value, factor) => state.labels[factor] ?? value);
}

/**
 * The layers for one label: what its values add to batch norm's scale and shift, and the numbers that
 * stand behind z, are looked up and summed once, and not for every pixel.
 *
 * The tables of all factors lie below one another: a row for each value.
 */
function layersOfLabel(layers, label, labels) {
  if (labels === null) {
    return layers;
  }
  const rows = [];
  let first = 0;
  labels.factors.forEach((factor, i) => {
    rows.push(first + label[i]);
    first += factor.values.length;
  });
  return withRows(layers, rows);
}

/** The layers for these rows of their tables. */
function withRows(layers, rows) {
  return layers.map((layer) => {
    if (layer.kind === "embedding") {
      return { kind: "append", numbers: addRows(new Float32Array(layer.size), layer.table, rows) };
    }
    if (layer.kind === "styled") {
      return { ...layer, layers: withRows(layer.layers, rows) };
    }
    if (layer.scales) {
      const scale = addRows(layer.scale, layer.scales, rows);
      return { ...layer, scale, shift: addRows(layer.shift, layer.shifts, rows) };
    }
    return layer;
  });
}

/** A vector plus some rows of a table that is as wide. */
function addRows(vector, table, rows) {
  return vector.map((value, i) =>
    rows.reduce((sum, row) => sum + table[row * vector.length + i], value),
  );
}

/** In words, such as ["hair=blue", "glasses=no"]. */
function wordsOfLabel(label, labels) {
  return label.map((value, factor) => {
    const { name, values } = labels.factors[factor];
    return `${name}=${values[value]}`;
  });
}

// ---- BLAKE2b (RFC 7693): a hash

const BLAKE2B_START = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];

/** In which order a round takes the sixteen words of a block, in hexadecimal digits. */
const BLAKE2B_ORDERS = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
];

/** `length` bytes of the hash of a message, for a purpose of at most 16 letters. */
function blake2b(message, length, purpose) {
  const parameters = new DataView(new ArrayBuffer(64));
  parameters.setUint32(0, 0x01010000 | length, true); // no key, no tree
  [...purpose].forEach((letter, i) => parameters.setUint8(48 + i, letter.charCodeAt(0)));
  const state = BLAKE2B_START.map((word, i) => word ^ parameters.getBigUint64(8 * i, true));
  const blocks = Math.max(1, Math.ceil(message.length / 128));
  const padded = new Uint8Array(128 * blocks);
  padded.set(message);
  const view = new DataView(padded.buffer);
  for (let block = 0; block < blocks; block++) {
    const words = Array.from({ length: 16 }, (_, i) =>
      view.getBigUint64(128 * block + 8 * i, true),
    );
    const isLast = block === blocks - 1;
    const bytes = isLast ? message.length : 128 * (block + 1);
    blake2bCompress(state, words, BigInt(bytes), isLast);
  }
  const result = new DataView(new ArrayBuffer(64));
  state.forEach((word, i) => result.setBigUint64(8 * i, word, true));
  return new Uint8Array(result.buffer, 0, length);
}

/** Mix a block of sixteen words into the state; `bytes` of the message have been read by then. */
function blake2bCompress(state, words, bytes, isLast) {
  const v = [...state, ...BLAKE2B_START];
  v[12] ^= bytes;
  v[14] = isLast ? BigInt.asUintN(64, ~v[14]) : v[14];
  const mix = (a, b, c, d, first, second) => {
    v[a] = BigInt.asUintN(64, v[a] + v[b] + first);
    v[d] = rotateLeft(v[d] ^ v[a], 32);
    v[c] = BigInt.asUintN(64, v[c] + v[d]);
    v[b] = rotateLeft(v[b] ^ v[c], 40);
    v[a] = BigInt.asUintN(64, v[a] + v[b] + second);
    v[d] = rotateLeft(v[d] ^ v[a], 48);
    v[c] = BigInt.asUintN(64, v[c] + v[d]);
    v[b] = rotateLeft(v[b] ^ v[c], 1);
  };
  for (let round = 0; round < 12; round++) {
    const order = [...BLAKE2B_ORDERS[round % 10]].map((digit) => words[parseInt(digit, 16)]);
    for (let i = 0; i < 4; i++) {
      mix(i, 4 + i, 8 + i, 12 + i, order[2 * i], order[2 * i + 1]);
    }
    for (let i = 0; i < 4; i++) {
      const [b, c, d] = [4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)];
      mix(i, b, c, d, order[8 + 2 * i], order[9 + 2 * i]);
    }
  }
  for (let i = 0; i < 8; i++) {
    state[i] ^= v[i] ^ v[i + 8];
  }
}
