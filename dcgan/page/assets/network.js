// The generator: z in, a picture out. Layers are those of gan_core, in inference mode.
//
// A feature map is {height, width, channels, data}: a Float32Array in the order of rows, columns,
// channels, as in TensorFlow (NHWC) for one picture.

/** Numbers of a base64 text of little-endian float16 (IEEE 754 half precision) -> Float32Array. */
function decodeHalf(text) {
  const bytes = decodeBytes(text);
  const halves = new Uint16Array(bytes.buffer);
  return Float32Array.from(halves, halfToNumber);
}

/** Numbers of a base64 text of little-endian float32 -> Float32Array. */
function decodeSingle(text) {
  return new Float32Array(decodeBytes(text).buffer);
}

function decodeBytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** One float16: a sign bit, five bits of exponent, ten bits of fraction. */
function halfToNumber(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) {
    return sign * fraction * 2 ** -24; // subnormal, or 0
  }
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The layers as the page holds them -> the same with their numbers decoded. */
function decodeLayers(layers) {
  return layers.map((layer) => {
    const decoded = { ...layer };
    if (layer.kernel) {
      decoded.kernel = decodeHalf(layer.kernel);
    }
    for (const name of ["bias", "scale", "shift"]) {
      if (layer[name]) {
        decoded[name] = decodeSingle(layer[name]);
      }
    }
    return decoded;
  });
}

/** z (Float32Array) -> the last layer's feature map. */
function runNetwork(layers, z) {
  let x = { height: 1, width: 1, channels: z.length, data: Float32Array.from(z) };
  for (const layer of layers) {
    x = LAYERS[layer.kind](layer, x);
  }
  return x;
}

const LAYERS = {
  transposed: transposedConvolution,
  convolution: convolution,
  affine: affine,
  leaky_relu: (layer, x) => elementwise(x, (value) => (value > 0 ? value : layer.slope * value)),
  tanh: (layer, x) => elementwise(x, Math.tanh),
};

/**
 * Transposed convolution: input pixel i adds kernel[k] * input to output pixel stride * i + k - pad.
 *
 * The kernel lies as [row][column][input channel][output channel], so that the inner loop runs along
 * memory.
 */
function transposedConvolution(layer, x) {
  const y = emptyMap(layer.height, layer.width, layer.outputs);
  forEachPair(layer, x, y, (small, large, start) => addProduct(layer, x, small, start, y, large));
  return addBias(layer, y);
}

/** Convolution: output pixel o is the sum of kernel[k] * input pixel stride * o + k - pad. */
function convolution(layer, x) {
  const y = emptyMap(layer.height, layer.width, layer.outputs);
  forEachPair(layer, y, x, (small, large, start) => addProduct(layer, x, large, start, y, small));
  return addBias(layer, y);
}

/**
 * All pairs of pixels that a kernel connects: pixel s of the smaller map with pixel
 * stride * s + k - pad of the larger one. A convolution reads the larger map, and its transpose
 * writes it.
 *
 * `visit` is called with the numbers of both pixels, and the place of their matrix in the kernel.
 */
function forEachPair(layer, smaller, larger, visit) {
  const { size, stride, pad } = layer;
  for (let smallRow = 0; smallRow < smaller.height; smallRow++) {
    for (let row = 0; row < size; row++) {
      const largeRow = stride * smallRow + row - pad;
      if (largeRow < 0 || largeRow >= larger.height) {
        continue;
      }
      for (let smallColumn = 0; smallColumn < smaller.width; smallColumn++) {
        for (let column = 0; column < size; column++) {
          const largeColumn = stride * smallColumn + column - pad;
          if (largeColumn < 0 || largeColumn >= larger.width) {
            continue;
          }
          const small = smallRow * smaller.width + smallColumn;
          const large = largeRow * larger.width + largeColumn;
          visit(small, large, (row * size + column) * layer.inputs * layer.outputs);
        }
      }
    }
  }
}

/** Pixel number `to` of y += pixel number `from` of x, times the matrix at `start` in the kernel. */
function addProduct(layer, x, from, start, y, to) {
  const { kernel, inputs, outputs } = layer;
  const source = x.data;
  const sum = y.data;
  const first = to * outputs;
  for (let i = 0; i < inputs; i++) {
    const value = source[from * inputs + i];
    if (value === 0) {
      continue; // about half of what comes out of a ReLU
    }
    const row = start + i * outputs;
    for (let o = 0; o < outputs; o++) {
      sum[first + o] += value * kernel[row + o];
    }
  }
}

function addBias(layer, y) {
  if (layer.bias) {
    for (let i = 0; i < y.data.length; i++) {
      y.data[i] += layer.bias[i % y.channels];
    }
  }
  return y;
}

/** Batch norm at inference: scale * x + shift, for each channel. */
function affine(layer, x) {
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) {
    const channel = i % x.channels;
    data[i] = x.data[i] * layer.scale[channel] + layer.shift[channel];
  }
  return { ...x, data };
}

function elementwise(x, change) {
  return { ...x, data: x.data.map((value) => change(value)) };
}

function emptyMap(height, width, channels) {
  return { height, width, channels, data: new Float32Array(height * width * channels) };
}

/** The last feature map, in [-1, 1] -> bytes 0 to 255, rounded to the nearest (halves to even). */
function toBytes(x) {
  return Uint8Array.from(x.data, (value) => roundToEven(127.5 * (value + 1)));
}

function roundToEven(value) {
  const limited = Math.min(255, Math.max(0, value));
  const below = Math.floor(limited);
  const rest = limited - below;
  if (rest === 0.5) {
    return below + (below % 2);
  }
  return rest > 0.5 ? below + 1 : below;
}

/** RGB bytes of a square picture -> ImageData for a canvas. */
function toImageData(bytes, size) {
  const pixels = new Uint8ClampedArray(4 * size * size);
  for (let i = 0; i < size * size; i++) {
    pixels.set(bytes.subarray(3 * i, 3 * i + 3), 4 * i);
    pixels[4 * i + 3] = 255;
  }
  return new ImageData(pixels, size, size);
}
