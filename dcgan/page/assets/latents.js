// The latent space: the z of an id, and what can be done with z. The same as
// dcgan/generation/avatars.py (latents) and dcgan/latent/space.py.

/**
 * z of an id: 4 bytes of SHAKE-128("seed/id") a number, made normal by Box and Muller.
 *
 * -> Float32Array of `dim` samples of N(0, 1), to the bit those of `generate --ids`.
 */
function latentOfId(id, dim, seed = 0) {
  const half = Math.floor((dim + 1) / 2);
  const text = new TextEncoder().encode(`${seed}/${id}`);
  const words = new DataView(shake128(text, 8 * half).buffer);
  const uniform = (i) => (words.getUint32(4 * i, true) >>> 8) * 2 ** -24 + 2 ** -25;
  const z = new Float32Array(dim);
  for (let i = 0; i < half; i++) {
    const radius = Math.sqrt(-2 * Math.log(uniform(i)));
    const angle = 2 * Math.PI * uniform(half + i);
    z[i] = radius * Math.cos(angle);
    if (half + i < dim) {
      z[half + i] = radius * Math.sin(angle);
    }
  }
  return z;
}

/** SHAKE-128 (FIPS 202): a hash that gives as many bytes as one asks for. */
function shake128(message, length) {
  const rate = 168; // bytes that are absorbed, or given out, between two permutations
  const state = new Array(25).fill(0n);
  const blocks = Math.floor(message.length / rate) + 1;
  const padded = new Uint8Array(blocks * rate);
  padded.set(message);
  padded[message.length] ^= 0x1f;
  padded[padded.length - 1] ^= 0x80;
  for (let start = 0; start < padded.length; start += rate) {
    for (let i = 0; i < rate; i++) {
      state[i >> 3] ^= BigInt(padded[start + i]) << BigInt(8 * (i & 7));
    }
    keccak(state);
  }
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (i > 0 && i % rate === 0) {
      keccak(state);
    }
    const position = i % rate;
    result[i] = Number((state[position >> 3] >> BigInt(8 * (position & 7))) & 0xffn);
  }
  return result;
}

const ROUND_CONSTANTS = roundConstants();
const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

/** The permutation Keccak-f[1600] on 25 lanes of 64 bits; lane (x, y) is state[x + 5 y]. */
function keccak(state) {
  for (const constant of ROUND_CONSTANTS) {
    const parity = [0, 1, 2, 3, 4].map(
      (x) => state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20],
    );
    for (let i = 0; i < 25; i++) {
      const x = i % 5;
      state[i] ^= parity[(x + 4) % 5] ^ rotateLeft(parity[(x + 1) % 5], 1);
    }
    const moved = new Array(25);
    for (let i = 0; i < 25; i++) {
      const x = i % 5;
      const y = Math.floor(i / 5);
      moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotateLeft(state[i], ROTATIONS[i]);
    }
    for (let i = 0; i < 25; i++) {
      const row = 5 * Math.floor(i / 5);
      const next = moved[row + ((i + 1) % 5)];
      const afterNext = moved[row + ((i + 2) % 5)];
      state[i] = moved[i] ^ (BigInt.asUintN(64, ~next) & afterNext);
    }
    state[0] ^= constant;
  }
}

function rotateLeft(lane, count) {
  const turned = (lane << BigInt(count)) | (lane >> BigInt(64 - count));
  return BigInt.asUintN(64, turned);
}

/** The 24 constants of the rounds, from the shift register that FIPS 202 defines them by. */
function roundConstants() {
  const constants = [];
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if (register & 1) {
        constant |= 1n << BigInt(2 ** j - 1);
      }
      register = (register << 1) ^ (register >> 7 ? 0x171 : 0);
    }
    constants.push(constant);
  }
  return constants;
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += a[i] * b[i];
  }
  return sum;
}

function norm(z) {
  return Math.sqrt(dot(z, z));
}

/** The arc from a to b: the direction turns at constant speed, the norm changes linearly. */
function slerp(a, b, t) {
  const aLength = norm(a);
  const bLength = norm(b);
  const u = a.map((value) => value / aLength);
  const v = b.map((value) => value / bLength);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(u, v))));
  const sine = Math.sin(angle);
  if (sine < 1e-6) {
    return t < 0.5 ? Float32Array.from(a) : Float32Array.from(b);
  }
  const length = (1 - t) * aLength + t * bLength;
  const ofU = (length * Math.sin((1 - t) * angle)) / sine;
  const ofV = (length * Math.sin(t * angle)) / sine;
  return Float32Array.from(u, (value, i) => ofU * value + ofV * v[i]);
}

/** z with its component along a direction (of length 1) set to `value`. */
function setComponent(z, direction, value) {
  const change = value - dot(z, direction);
  return Float32Array.from(z, (number, i) => number + change * direction[i]);
}
