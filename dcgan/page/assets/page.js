// The page itself: it draws the state, and turns what the visitor does into a new state.

const data = JSON.parse(document.getElementById("data").textContent);
const layers = decodeLayers(data.layers);
const sliders = data.sliders.map((slider) => ({
  ...slider,
  direction: decodeSingle(slider.direction),
  alone: slider.alone === null ? null : decodeSingle(slider.alone),
}));

const labels = data.labels; // null where the generator takes none
const valueCounts = labels === null ? [] : labels.factors.map((factor) => factor.values.length);

const STORE = "faces that nobody drew: favourites";
const NEIGHBOURS = 6;
const NEIGHBOUR_SHARE = 0.35; // how far a neighbour lies on the arc towards a random face
const STRIP_SHARES = [0, 0.2, 0.4, 0.6, 0.8, 1];
const WALK_SECONDS = 3; // from one face to the next
const ADDRESS_PAUSE = 500; // milliseconds
const SHEET_COLUMNS = 4;
const SHEET_SCALE = 4;
const MOST_BUTTONS = 12; // of a factor; one with more values has a list

const element = (id) => document.getElementById(id);

const readState = (text) => stateFromText(text, sliders.length, valueCounts);

let state = readState(location.hash.slice(1)) ?? startingState("hello");
let locked = new Set(); // numbers of sliders whose component a new random face keeps
let walking = false;
const history = new History(stateToText(state));

// ---- making faces

/** z (before truncation), and the label of a generator that takes one -> its bytes. */
function makeFace(z, truncation, label = []) {
  const truncated = z.map((value) => truncation * value);
  return toBytes(runNetwork(layersOfLabel(layers, label, labels), truncated));
}

function faceOfState(one) {
  const z = latentOfState(one, sliders, data.latentDim);
  return makeFace(z, one.truncation, labelOfState(one, labels));
}

function drawFace(canvas, bytes) {
  canvas.width = data.size;
  canvas.height = data.size;
  canvas.getContext("2d").putImageData(toImageData(bytes, data.size), 0, 0);
}

/** How long each of some faces takes here, in milliseconds: faces.timesOfFaces() in the console. */
function timesOfFaces(count = 100) {
  return Array.from({ length: count }, (_, i) => {
    const z = latentOfId(`face ${i}`, data.latentDim);
    const start = performance.now();
    makeFace(z, 1, labelOfState(state, labels));
    return performance.now() - start;
  });
}

/** A small face that is a button. */
function faceButton(label, bytes, action) {
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.title = label;
  drawFace(canvas, bytes);
  button.append(canvas);
  button.addEventListener("click", action);
  return button;
}

// ---- from the state to the page

function show(next, { remember = true } = {}) {
  state = next;
  if (remember) {
    history.add(stateToText(state));
    writeAddress();
  } else {
    writeAddressSoon();
  }
  drawEverything();
}

let addressTimer = 0; // 0: none is set

function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = 0;
  window.history.replaceState(null, "", `#${stateToText(state)}`);
}

/** A slider and a walk call this with every picture. Safari refuses more than 100 changes of the
 * address in 30 seconds. */
function writeAddressSoon() {
  if (addressTimer === 0) {
    addressTimer = setTimeout(writeAddress, ADDRESS_PAUSE);
  }
}

let pending = 0;

function drawEverything() {
  const z = latentOfState(state, sliders, data.latentDim);
  drawFace(element("face"), makeFace(z, state.truncation, labelOfState(state, labels)));
  element("id").value = state.id;
  element("other").value = state.mixes.at(-1)?.[0] ?? "";
  element("share").disabled = state.mixes.length === 0;
  element("share").value = state.mixes.at(-1)?.[1] ?? 0.5;
  element("share-value").value = element("share").value;
  element("truncation").value = state.truncation;
  element("truncation-value").value = state.truncation;
  element("keep-others").checked = state.keepOthers;
  element("undo").disabled = !history.canUndo;
  element("redo").disabled = !history.canRedo;
  updateSliders(z);
  updateLabels();
  // The small faces follow when the hand rests, so that a slider stays quick.
  clearTimeout(pending);
  pending = setTimeout(drawSmallFaces, walking ? 1000 : 120);
}

function drawSmallFaces() {
  const neighbours = Array.from({ length: NEIGHBOURS }, (_, k) => {
    const name = `${state.id} / nearby ${state.mixes.length}.${k + 1}`;
    return { ...state, mixes: [...state.mixes, [name, NEIGHBOUR_SHARE]] };
  });
  element("neighbours").replaceChildren(
    ...neighbours.map((one, k) =>
      faceButton(`nearby face ${k + 1}`, faceOfState(one), () => show(one)),
    ),
  );
  element("strip").replaceChildren(...mixStrip());
  drawFavourites();
}

/** From the face to the one it is mixed with. */
function mixStrip() {
  if (state.mixes.length === 0) {
    return [];
  }
  return STRIP_SHARES.map((share) => {
    const one = withShare(share);
    return faceButton(`share ${share}`, faceOfState(one), () => show(one));
  });
}

function withShare(share) {
  const [name] = state.mixes.at(-1);
  return { ...state, mixes: [...state.mixes.slice(0, -1), [name, share]] };
}

function say(words) {
  element("status").textContent = words;
}

// ---- labels

const labelControls = []; // of each factor: what shows which value is asked for

function buildLabels() {
  if (labels === null) {
    return;
  }
  element("labels-title").hidden = false;
  element("labels").replaceChildren(
    ...labels.factors.map((factor, number) => {
      const build = factor.values.length > MOST_BUTTONS ? buildLabelList : buildLabelButtons;
      return build(factor, number);
    }),
  );
}

/** Ask for a value of a factor; null: the one that the name has. */
function askFor(factor, value) {
  const asked = { ...state.labels };
  if (value === null) {
    delete asked[factor];
  } else {
    asked[factor] = value;
  }
  show({ ...state, labels: asked });
}

function buildLabelButtons(factor, number) {
  const row = document.createElement("div");
  row.className = "buttons factor";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", factor.name);
  const title = document.createElement("span");
  title.textContent = factor.name;
  const buttons = [null, ...factor.values.keys()].map((value) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = value === null ? "by name" : factor.values[value];
    button.addEventListener("click", () => askFor(number, value));
    return button;
  });
  row.append(title, ...buttons);
  labelControls.push((asked) =>
    buttons.forEach((button, i) =>
      button.setAttribute("aria-pressed", String(asked === undefined ? i === 0 : i === asked + 1)),
    ),
  );
  return row;
}

function buildLabelList(factor, number) {
  const row = document.createElement("label");
  row.className = "factor";
  const list = document.createElement("select");
  list.append(new Option("by name", ""), ...factor.values.map((name, i) => new Option(name, i)));
  list.addEventListener("change", () => askFor(number, list.value === "" ? null : +list.value));
  row.append(`${factor.name} `, list);
  labelControls.push((asked) => {
    list.value = asked === undefined ? "" : String(asked);
  });
  return row;
}

/** A text as one word of a command line. */
function shellWord(text) {
  return /^[\w=.,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The command that gives the same name the same face. */
function updateCommand(options) {
  const run = data.run === null ? "" : ` --run ${shellWord(data.run)}`;
  element("ids-command").textContent =
    `python -m dcgan generate${run} --ids FILE --out faces.zip${options}`;
}

function updateLabels() {
  if (labels === null) {
    updateCommand(data.run === null ? " --without-labels" : "");
    return;
  }
  labelControls.forEach((update, factor) => update(state.labels[factor]));
  const asked = Object.entries(state.labels).map(([factor, value]) => {
    const { name, values } = labels.factors[factor];
    return ` --label ${shellWord(`${name}=${values[value]}`)}`;
  });
  updateCommand(asked.join(""));
  const words = wordsOfLabel(labelOfState(state, labels), labels).join(", ");
  element("labels-shown").textContent = `This face: ${words}. “By name”: as often as in the data.`;
}

// ---- sliders

const sliderRows = [];

function buildSliders() {
  const groups = new Map();
  sliders.forEach((slider, number) => {
    if (!groups.has(slider.group)) {
      groups.set(slider.group, buildGroup(slider.group, groups.size === 0));
    }
    groups.get(slider.group).append(buildSlider(slider, number));
  });
  element("sliders").replaceChildren(...groups.values());
  element("others-label").hidden = sliders.every((slider) => slider.alone === null);
}

function buildGroup(name, open) {
  const group = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = name;
  group.open = open;
  group.append(title);
  return group;
}

function buildSlider(slider, number) {
  const row = document.createElement("div");
  row.className = "row";
  row.innerHTML = `
    <label class="slider"><span></span>
      <input type="range" min="-4" max="4" step="0.05"><output></output></label>
    <p class="measured"></p>
    <label class="lock"><input type="checkbox"> keep when I ask for a random face</label>`;
  const [range, lock] = row.querySelectorAll("input");
  row.querySelector("span").textContent = slider.name;
  range.setAttribute("aria-label", `${slider.group}: ${slider.name}`);
  lock.setAttribute("aria-label", `keep ${slider.group}: ${slider.name}`);
  const move = (remember) => {
    const moved = { ...state.sliders, [number]: Number(range.value) };
    show({ ...state, sliders: moved }, { remember });
  };
  range.addEventListener("input", () => move(false));
  range.addEventListener("change", () => move(true));
  lock.addEventListener("change", () => {
    lock.checked ? locked.add(number) : locked.delete(number);
  });
  sliderRows.push({ range, output: row.querySelector("output"), note: row.querySelector("p") });
  return row;
}

/** Each slider stands where the component of z along its direction is. */
function updateSliders(z) {
  sliders.forEach((slider, number) => {
    const { range, output, note } = sliderRows[number];
    const component = dot(z, directionOf(slider, state.keepOthers));
    range.value = component;
    output.value = component.toFixed(1);
    note.textContent = (state.keepOthers && slider.measuredAlone) || slider.measured;
  });
}

// ---- what the visitor can do

function randomName() {
  const numbers = crypto.getRandomValues(new Uint32Array(2));
  return `face ${numbers[0].toString(36)}${numbers[1].toString(36)}`;
}

/** A new face; what is locked keeps its component. */
function showRandom() {
  const z = latentOfState(state, sliders, data.latentDim);
  const kept = {};
  for (const number of [...locked].sort((a, b) => a - b)) {
    const component = dot(z, directionOf(sliders[number], state.keepOthers));
    kept[number] = Number(component.toFixed(3));
  }
  show({ ...state, id: randomName(), mixes: [], sliders: kept });
  say(`Random face: ${state.id}`);
}

function toggleWalk() {
  walking = !walking;
  element("walk").setAttribute("aria-pressed", String(walking));
  if (walking) {
    walkTo(randomName());
    return;
  }
  show(state);
  say("The walk has stopped.");
}

/** Along the arc to another face, and from there to the next, until the walk is stopped. */
function walkTo(name) {
  const from = { ...state, mixes: [...state.mixes] };
  const start = performance.now();
  const step = (now) => {
    if (!walking) {
      return;
    }
    const share = Math.min(1, Math.max(0, now - start) / (1000 * WALK_SECONDS));
    const mixes = [...from.mixes, [name, Number(share.toFixed(3))]];
    show({ ...from, mixes }, { remember: false });
    if (share < 1) {
      requestAnimationFrame(step);
    } else {
      show({ ...from, id: name, mixes: [] });
      walkTo(randomName());
    }
  };
  requestAnimationFrame(step);
}

function goTo(text) {
  show(readState(text), { remember: false });
  writeAddress();
}

// ---- favourites

let unsaved = []; // where the browser keeps nothing, as in a private window

function readFavourites() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return found.filter((text) => readState(String(text)) !== null);
  } catch {
    return unsaved;
  }
}

function writeFavourites(texts) {
  unsaved = texts;
  try {
    localStorage.setItem(STORE, JSON.stringify(texts));
  } catch {
    say("This browser keeps no favourites: they are lost when the page is closed.");
  }
  drawFavourites();
}

function drawFavourites() {
  const texts = readFavourites();
  element("favourites").replaceChildren(
    ...texts.map((text) => {
      const one = readState(text);
      return faceButton(`favourite ${one.id}`, faceOfState(one), () => goTo(text));
    }),
  );
  element("save-sheet").disabled = texts.length === 0;
  element("clear").disabled = texts.length === 0;
}

// ---- saving

/** Faces (bytes) as a sheet of whole-number enlargement -> a canvas. */
function sheetOf(faces, columns, scale) {
  const side = scale * data.size;
  const sheet = document.createElement("canvas");
  const small = document.createElement("canvas");
  sheet.width = side * Math.min(columns, faces.length);
  sheet.height = side * Math.ceil(faces.length / columns);
  const context = sheet.getContext("2d");
  context.imageSmoothingEnabled = false;
  faces.forEach((bytes, i) => {
    drawFace(small, bytes);
    const left = (i % columns) * side;
    const top = Math.floor(i / columns) * side;
    context.drawImage(small, left, top, side, side);
  });
  return sheet;
}

function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    window.prompt(`${what}:`, text);
  }
}

/** Python that makes the face which is shown, from its z. */
function pythonOfState() {
  const z = latentOfState(state, sliders, data.latentDim).map((value) => state.truncation * value);
  const bytes = String.fromCharCode(...new Uint8Array(z.buffer));
  const packagesOwn = labels === null ? "" : "with_labels=True";
  const run = data.run === null ? packagesOwn : JSON.stringify(data.run);
  const label = labelOfState(state, labels);
  const withLabel = labels === null ? "" : `, np.array([[${label.join(", ")}]])`;
  const comment = labels === null ? [] : [`# ${wordsOfLabel(label, labels).join(", ")}`];
  return [
    "import base64",
    "import numpy as np",
    "from dcgan.figures import sheets",
    "from dcgan.generation import trained_generator",
    "",
    `z = np.frombuffer(base64.b64decode("${btoa(bytes)}"), "<f4")`,
    ...comment,
    `face = trained_generator.load(${run})(z[np.newaxis]${withLabel})[0]`,
    'sheets.save(face, "face.png")',
    "",
  ].join("\n");
}

// ---- the page's buttons and keys

function listen() {
  const onClick = (id, action) => element(id).addEventListener("click", action);
  onClick("random", showRandom);
  onClick("walk", toggleWalk);
  onClick("undo", () => goTo(history.undo()));
  onClick("redo", () => goTo(history.redo()));
  onClick("keep", () => {
    const text = stateToText(state);
    writeFavourites([...readFavourites().filter((other) => other !== text), text]);
    say("Added to the favourites.");
  });
  onClick("clear", () => writeFavourites([]));
  onClick("reset", () => show({ ...state, sliders: {} }));
  onClick("unmix", () => show({ ...state, mixes: [] }));
  onClick("save", () => {
    const scale = Number(element("scale").value);
    download(sheetOf([faceOfState(state)], 1, scale), "face.png");
  });
  onClick("save-sheet", () => {
    const faces = readFavourites().map((text) => faceOfState(readState(text)));
    download(sheetOf(faces, SHEET_COLUMNS, SHEET_SCALE), "favourites.png");
  });
  onClick("copy-link", () => {
    writeAddress();
    copy(location.href, "Link");
  });
  onClick("copy-code", () => copy(pythonOfState(), "Python"));
  element("id-form").addEventListener("submit", (event) => {
    event.preventDefault();
    show({ ...state, id: element("id").value.trim(), mixes: [], sliders: {} });
  });
  element("mix-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const other = element("other").value.trim();
    if (other !== "") {
      show({ ...state, mixes: [...state.mixes, [other, 0.5]] });
    }
  });
  element("keep-others").addEventListener("change", (event) => {
    show({ ...state, keepOthers: event.target.checked });
  });
  onDrag("truncation", (value) => ({ ...state, truncation: value }));
  onDrag("share", withShare);
  window.addEventListener("hashchange", () => {
    const next = readState(location.hash.slice(1));
    if (next !== null && stateToText(next) !== stateToText(state)) {
      show(next);
    }
  });
  document.addEventListener("keydown", onKey);
}

/** A slider is drawn while it moves, and remembered where it is let go. */
function onDrag(id, next) {
  const input = element(id);
  input.addEventListener("input", () => show(next(Number(input.value)), { remember: false }));
  input.addEventListener("change", () => show(next(Number(input.value))));
}

const KEYS = { r: "random", w: "walk", z: "undo", y: "redo", f: "keep" };

function onKey(event) {
  const typing = event.target.matches('input[type="text"], select');
  if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const id = KEYS[event.key.toLowerCase()];
  if (id) {
    event.preventDefault();
    element(id).click();
  }
}

buildSliders();
buildLabels();
listen();
drawEverything();

// For the console, and for tests.
window.faces = {
  latentOfId: (id) => latentOfId(id, data.latentDim),
  labelOfId: (id) => (labels === null ? [] : labelOfId(id, labels)),
  timesOfFaces,
  makeFace,
  pythonOfState,
  state: () => state,
};
