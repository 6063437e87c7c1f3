"use strict";
// Live figures without a kernel. Every position of the sliders was drawn when
// the book was made (tools/book/frames.py); here they are only exchanged.
const waiting = new Map();

// The script of a figure calls this with its pictures.
function liveFrames(key, pictures) {
  waiting.get(key)(pictures);
}

function control(wanted, number, changed) {
  const id = `live-${changed.key}-${number}`;
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = wanted.name;
  const value = document.createElement("output");
  value.htmlFor = id;
  let input;
  if (wanted.choice) {
    input = document.createElement("select");
    wanted.labels.forEach((text, index) => input.add(new Option(text, index)));
    value.hidden = true;
  } else {
    input = document.createElement("input");
    input.type = "range";
    input.min = 0;
    input.max = wanted.labels.length - 1;
    input.step = 1;
  }
  input.id = id;
  input.value = wanted.start;
  const say = () => {
    value.textContent = wanted.labels[input.value];
    input.setAttribute("aria-valuetext", wanted.labels[input.value]);
  };
  say();
  input.addEventListener("input", () => {
    say();
    changed.draw();
  });
  return { input, elements: [label, input, value] };
}

function makeLive(figure) {
  const key = figure.dataset.key;
  const wanted = JSON.parse(figure.dataset.controls);
  const picture = figure.querySelector(".live-picture");
  const still = picture.querySelector("img");
  const words = figure.querySelector(".words span");
  const patches = new Map();
  let pictures = null;
  let shown = null;

  function position() {
    return controls.reduce(
      (sum, { input }, i) => sum * wanted[i].labels.length + Number(input.value),
      0
    );
  }

  function patchAt(index) {
    if (!patches.has(index)) {
      const [left, top, width, height, data] = pictures.frames[index];
      if (data === undefined) {
        patches.set(index, null);
      } else {
        const part = new Image();
        part.className = "patch";
        part.alt = "";
        const across = still.naturalWidth;
        const down = still.naturalHeight;
        part.style.left = `${(100 * left) / across}%`;
        part.style.top = `${(100 * top) / down}%`;
        part.style.width = `${(100 * width) / across}%`;
        part.src = `data:image/webp;base64,${data}`;
        patches.set(index, part);
      }
    }
    return patches.get(index);
  }

  function draw() {
    if (pictures === null) return;
    const index = position();
    const part = patchAt(index);
    if (shown && shown !== part) shown.remove();
    if (part && shown !== part) picture.append(part);
    shown = part;
    const text = pictures.texts[pictures.says[index]];
    still.alt = text;
    words.textContent = text;
    figure.dataset.shown = index;
  }

  const changed = { key, draw };
  const controls = wanted.map((one, number) => control(one, number, changed));
  const box = document.createElement("div");
  box.className = "live-controls";
  box.append(...controls.flatMap(({ elements }) => elements));
  figure.prepend(box);

  // The pictures are fetched when the figure comes near the screen.
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      waiting.set(key, async (arrived) => {
        await still.decode().catch(() => {});
        pictures = arrived;
        draw();
        // Decoded ahead, so that a key press need not wait.
        for (const index of arrived.frames.keys()) {
          const part = patchAt(index);
          if (part) await part.decode().catch(() => {});
        }
        figure.dataset.ready = "true";
      });
      still.loading = "eager";
      const script = document.createElement("script");
      script.src = `_static/live/${key}.js`;
      document.head.append(script);
    },
    { rootMargin: "600px" }
  );
  near.observe(figure);
}

document.querySelectorAll(".live").forEach(makeLive);
