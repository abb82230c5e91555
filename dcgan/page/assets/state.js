// What the page shows, as plain data: it is the part of the address behind #, so a link shows the
// same face.
//
//   id          the name whose z the face starts from
//   mixes       [[name, share], ...]: then z moves along the arc towards the z of each name
//   sliders     {number of a slider: its value}; the others are left as they come
//   keepOthers  whether sliders move along their directions less what others share
//   truncation  what z is multiplied by at the end
//   labels      {number of a factor: number of its value}; the others are those of the id

function startingState(id) {
  return { id, mixes: [], sliders: {}, keepOthers: false, truncation: 1, labels: {} };
}

function stateToText(state) {
  const parameters = new URLSearchParams();
  parameters.append("id", state.id);
  for (const [name, share] of state.mixes) {
    parameters.append("mix", `${share}:${name}`);
  }
  for (const [number, value] of Object.entries(state.sliders)) {
    parameters.append("slider", `${number}:${value}`);
  }
  if (state.keepOthers) {
    parameters.append("keep", "1");
  }
  if (state.truncation !== 1) {
    parameters.append("truncation", String(state.truncation));
  }
  for (const [factor, value] of Object.entries(state.labels)) {
    parameters.append("label", `${factor}:${value}`);
  }
  return parameters.toString();
}

/**
 * The text of an address -> a state, or null if it names no face. Nonsense in it is left out.
 *
 * `sliderCount` and `valueCounts` (of each factor) say which numbers there are.
 */
function stateFromText(text, sliderCount, valueCounts) {
  const parameters = new URLSearchParams(text);
  const id = parameters.get("id");
  if (id === null) {
    return null;
  }
  const state = startingState(id);
  for (const mix of parameters.getAll("mix")) {
    const [share, name] = splitAtColon(mix);
    if (isBetween(share, 0, 1) && name !== "") {
      state.mixes.push([name, Number(share)]);
    }
  }
  for (const slider of parameters.getAll("slider")) {
    const [number, value] = splitAtColon(slider);
    if (isBelow(number, sliderCount) && isBetween(value, -10, 10)) {
      state.sliders[Number(number)] = Number(value);
    }
  }
  state.keepOthers = parameters.get("keep") === "1";
  const truncation = parameters.get("truncation");
  if (truncation !== null && isBetween(truncation, 0.01, 1)) {
    state.truncation = Number(truncation);
  }
  for (const label of parameters.getAll("label")) {
    const [factor, value] = splitAtColon(label);
    if (isBelow(factor, valueCounts.length) && isBelow(value, valueCounts[Number(factor)])) {
      state.labels[Number(factor)] = Number(value);
    }
  }
  return state;
}

function splitAtColon(text) {
  const place = text.indexOf(":");
  return place < 0 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

/** Whether a text is a whole number from 0 to below `count`. */
function isBelow(text, count) {
  return /^\d+$/.test(text) && Number(text) < count;
}

function isBetween(text, low, high) {
  return text.trim() !== "" && Number(text) >= low && Number(text) <= high;
}

/** The direction of a slider: a Float32Array of length 1. */
function directionOf(slider, keepOthers) {
  return keepOthers && slider.alone ? slider.alone : slider.direction;
}

/** z before truncation. */
function latentOfState(state, sliders, dim) {
  let z = latentOfId(state.id, dim);
  for (const [name, share] of state.mixes) {
    z = slerp(z, latentOfId(name, dim), share);
  }
  for (const [number, value] of Object.entries(state.sliders)) {
    z = setComponent(z, directionOf(sliders[number], state.keepOthers), value);
  }
  return z;
}

/** States that can be gone back to, and forth. */
class History {
  constructor(first) {
    this.texts = [first];
    this.place = 0;
  }

  get canUndo() {
    return this.place > 0;
  }

  get canRedo() {
    return this.place < this.texts.length - 1;
  }

  add(text) {
    if (text === this.texts[this.place]) {
      return;
    }
    this.texts = [...this.texts.slice(0, this.place + 1), text];
    this.place += 1;
  }

  undo() {
    this.place = Math.max(0, this.place - 1);
    return this.texts[this.place];
  }

  redo() {
    this.place = Math.min(this.texts.length - 1, this.place + 1);
    return this.texts[this.place];
  }
}
