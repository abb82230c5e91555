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
    for (const name of ["layers", "mapping"]) {
      if (layer[name]) {
        decoded[name] = decodeLayers(layer[name]);
      }
    }
    if (layer.kernel) {
      decoded.kernel = decodeHalf(layer.kernel);
    }
    for (const name of ["bias", "scale", "shift", "scales", "shifts", "table"]) {
      if (layer[name]) {
        decoded[name] = decodeSingle(layer[name]);
      }
    }
    return decoded;
  });
}

/** z (Float32Array) -> the last layer's feature map. */
function runNetwork(layers, z) {
  return runLayers(layers, {
    height: 1,
    width: 1,
    channels: z.length,
    data: Float32Array.from(z),
  });
}

/** `style` is the feature map that a modulation computes its scale and shift of, if there is one. */
function runLayers(layers, x, style = null) {
  return layers.reduce((map, layer) => LAYERS[layer.kind](layer, map, style), x);
}

const LAYERS = {
  transposed: transposedConvolution,
  convolution: convolution,
  affine: affine,
  append: append,
  reshape: ({ height, width, channels }, x) => ({ height, width, channels, data: x.data }),
  residual: residual,
  styled: (layer, x) => runLayers(layer.layers, x, runLayers(layer.mapping, x)),
  modulation: modulation,
  unit_mean_square: unitMeanSquare,
  upsample: upsample,
  blur: (layer, x) => filterBothWays(x, 0.25),
  without_checkerboard: withoutCheckerboard,
  coarse_colour: coarseColour,
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
  const inputs = withoutZeros(x);
  forEachPair(layer, x, y, (small, large, tap) => addProduct(layer, tap, inputs, small, y, large));
  return addBias(layer, y);
}

/** Convolution: output pixel o is the sum of kernel[k] * input pixel stride * o + k - pad. */
function convolution(layer, x) {
  const y = emptyMap(layer.height, layer.width, layer.outputs);
  const inputs = withoutZeros(x);
  forEachPair(layer, y, x, (small, large, tap) => addProduct(layer, tap, inputs, large, y, small));
  return addBias(layer, y);
}

/**
 * All pairs of pixels that a kernel connects: pixel s of the smaller map with pixel
 * stride * s + k - pad of the larger one. A convolution reads the larger map, and its transpose
 * writes it.
 *
 * `visit` is called with the numbers of both pixels and of the kernel's tap k. The taps are the outer
 * loop: the matrix of one tap stays in the processor's cache while all pixels are multiplied by it.
 */
function forEachPair(layer, smaller, larger, visit) {
  const { size, stride, pad } = layer;
  for (let tap = 0; tap < size * size; tap++) {
    const row = Math.floor(tap / size) - pad;
    const column = (tap % size) - pad;
    for (let smallRow = 0; smallRow < smaller.height; smallRow++) {
      const largeRow = stride * smallRow + row;
      if (largeRow < 0 || largeRow >= larger.height) {
        continue;
      }
      for (let smallColumn = 0; smallColumn < smaller.width; smallColumn++) {
        const largeColumn = stride * smallColumn + column;
        if (largeColumn < 0 || largeColumn >= larger.width) {
          continue;
        }
        const small = smallRow * smaller.width + smallColumn;
        const large = largeRow * larger.width + largeColumn;
        visit(small, large, tap);
      }
    }
  }
}

/**
 * The numbers of each pixel that are not 0, and their channels: a ReLU leaves about half of them.
 *
 * Those of pixel p begin at p * room, and there are counts[p] of them. `room` is a multiple of four,
 * and what is not used stays 0, so `addProduct` can take four at a time.
 */
function withoutZeros(x) {
  const pixels = x.height * x.width;
  const room = 4 * Math.ceil(x.channels / 4);
  const values = new Float32Array(pixels * room);
  const channels = new Int32Array(pixels * room);
  const counts = new Int32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < x.channels; channel++) {
      const value = x.data[pixel * x.channels + channel];
      if (value !== 0) {
        const place = pixel * room + counts[pixel];
        values[place] = value;
        channels[place] = channel;
        counts[pixel] += 1;
      }
    }
  }
  return { room, values, channels, counts };
}

/**
 * Pixel number `to` of y += pixel number `from` of the inputs, times the matrix of a tap.
 *
 * Four rows of the matrix are added at a time: y is then read and written a quarter as often, which
 * makes the whole network about twice as fast.
 */
function addProduct(layer, tap, x, from, y, to) {
  const { kernel, outputs } = layer;
  const { values, channels } = x;
  const sum = y.data;
  const matrix = tap * layer.inputs * outputs;
  const first = to * outputs;
  const start = from * x.room;
  const end = start + x.counts[from];
  for (let i = start; i < end; i += 4) {
    const value0 = values[i];
    const value1 = values[i + 1];
    const value2 = values[i + 2];
    const value3 = values[i + 3];
    const row0 = matrix + channels[i] * outputs;
    const row1 = matrix + channels[i + 1] * outputs;
    const row2 = matrix + channels[i + 2] * outputs;
    const row3 = matrix + channels[i + 3] * outputs;
    for (let o = 0; o < outputs; o++) {
      sum[first + o] +=
        value0 * kernel[row0 + o] +
        value1 * kernel[row1 + o] +
        value2 * kernel[row2 + o] +
        value3 * kernel[row3 + o];
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

/**
 * (1 + a) x + b, for each channel. The modulation's own layer computes them from the style: first all
 * a, then all b.
 */
function modulation(layer, x, style) {
  const both = runLayers(layer.layers, style).data;
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) {
    const channel = i % x.channels;
    data[i] = (1 + both[channel]) * x.data[i] + both[x.channels + channel];
  }
  return { ...x, data };
}

/** The numbers of one pixel, divided by the root of the mean of their squares. */
function unitMeanSquare(layer, x) {
  const mean = x.data.reduce((sum, value) => sum + value * value, 0) / x.data.length;
  return elementwise(x, (value) => value / Math.sqrt(mean + 1e-8));
}

/** More numbers behind those of z, a map of one pixel: what a label adds. */
function append(layer, x) {
  return { ...x, channels: x.channels + layer.numbers.length, data: joined(x.data, layer.numbers) };
}

function joined(first, second) {
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** x + f(x), where f is the block's own layers. */
function residual(layer, x) {
  const change = runLayers(layer.layers, x);
  return { ...x, data: x.data.map((value, i) => value + change.data[i]) };
}

/** Twice as high and as wide, filtered: along the rows, and then along the columns. */
function upsample(layer, x) {
  const { height, width, channels } = x;
  const higher = emptyMap(2 * height, width, channels);
  const row = width * channels;
  spread(layer.taps, height, (from, to, weight) => {
    addRun(x.data, from * row, higher.data, to * row, row, weight);
  });
  const larger = emptyMap(2 * height, 2 * width, channels);
  spread(layer.taps, width, (from, to, weight) => {
    for (let y = 0; y < 2 * height; y++) {
      const first = (y * width + from) * channels;
      const place = (y * 2 * width + to) * channels;
      addRun(higher.data, first, larger.data, place, channels, weight);
    }
  });
  return larger;
}

/** The map minus its checkerboard: what a filter by (-1, 2, -1) / 4 along both axes leaves of it. */
function withoutCheckerboard(layer, x) {
  const board = filterBothWays(x, -0.25);
  return { ...x, data: x.data.map((value, i) => value - board.data[i]) };
}

/** Half of each pixel and `beside` times each of its neighbours, along the columns, then the rows. */
function filterBothWays(x, beside) {
  const row = x.width * x.channels;
  return filterRuns(filterRuns(x, beside, row, x.data.length), beside, x.channels, row);
}

/**
 * Neighbours are `step` numbers apart, within lines of `length` numbers. What would lie beyond an
 * end of the line is left out.
 */
function filterRuns(x, beside, step, length) {
  const data = new Float32Array(x.data.length);
  for (let first = 0; first < data.length; first += length) {
    addRun(x.data, first, data, first, length, 0.5);
    addRun(x.data, first, data, first + step, length - step, beside);
    addRun(x.data, first + step, data, first, length - step, beside);
  }
  return { ...x, data };
}

/** The brightness of every pixel stays, and its colour gets half the resolution. */
function coarseColour(layer, x) {
  const brightness = new Float32Array(x.data.length);
  for (let first = 0; first < x.data.length; first += 3) {
    const [red, green, blue] = x.data.subarray(first, first + 3);
    brightness.fill(0.299 * red + 0.587 * green + 0.114 * blue, first, first + 3);
  }
  const colour = x.data.map((value, i) => value - brightness[i]);
  const row = 3 * x.width;
  const coarse = coarseRuns(coarseRuns(colour, row, colour.length), 3, row);
  return { ...x, data: coarse.map((value, i) => value + brightness[i]) };
}

/**
 * Means of pairs of neighbours, interpolated. Neighbours are `step` numbers apart, within lines of
 * `length` numbers; beyond an end of the line its last pair counts again.
 */
function coarseRuns(data, step, length) {
  const coarse = new Float32Array(data.length);
  const pairs = length / (2 * step);
  for (let first = 0; first < data.length; first += length) {
    for (let offset = 0; offset < step; offset++) {
      const place = (i) => first + offset + i * step;
      const mean = (pair) => {
        const inside = Math.min(Math.max(pair, 0), pairs - 1);
        return 0.5 * (data[place(2 * inside)] + data[place(2 * inside + 1)]);
      };
      for (let pair = 0; pair < pairs; pair++) {
        coarse[place(2 * pair)] = 0.75 * mean(pair) + 0.25 * mean(pair - 1);
        coarse[place(2 * pair + 1)] = 0.75 * mean(pair) + 0.25 * mean(pair + 1);
      }
    }
  }
  return coarse;
}

/**
 * Calls visit(from, to, weight) for each of `small` places in a line, and each of the places that it
 * is spread over in a line twice as long: place j goes to 2 j + a - p with taps[a]. What would lie
 * beyond an end is left out.
 */
function spread(taps, small, visit) {
  const before = taps.length / 2 - 1;
  for (let from = 0; from < small; from++) {
    taps.forEach((weight, a) => {
      const to = 2 * from + a - before;
      if (to >= 0 && to < 2 * small) {
        visit(from, to, weight);
      }
    });
  }
}

/** `count` numbers from a place on, times a weight, are added to those from another place on. */
function addRun(source, first, target, place, count, weight) {
  for (let i = 0; i < count; i++) {
    target[place + i] += weight * source[first + i];
  }
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

/** Bytes of a square picture, RGB or grey -> ImageData for a canvas. */
function toImageData(bytes, size) {
  const channels = bytes.length / (size * size);
  const pixels = new Uint8ClampedArray(4 * size * size);
  for (let i = 0; i < size * size; i++) {
    for (let colour = 0; colour < 3; colour++) {
      pixels[4 * i + colour] = bytes[channels * i + (channels === 1 ? 0 : colour)];
    }
    pixels[4 * i + 3] = 255;
  }
  return new ImageData(pixels, size, size);
}
