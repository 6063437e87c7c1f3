"use strict";
// The classroom view of a page: its questions, predictions, drawings, figures
// and exercises, one at a time, for a projector. What answers a question
// comes with the next key.
function classroom() {
  const article = document.querySelector("article.bd-article");
  const title = article?.querySelector("h1");
  if (!title || !article.querySelector(".cell")) return;

  // --- what is shown: slides, each a list of steps, each of elements
  function slides() {
    const all = [{ steps: [[title, ...opening()]] }];
    for (const section of article.querySelectorAll("section > section")) {
      if (section.parentElement.parentElement.closest("section")) continue;
      all.push(...ofSection(section));
    }
    return all;
  }

  function opening() {
    const first = title.parentElement.children;
    return [...first].filter((e) => e.matches("p, ul")).slice(0, 3);
  }

  function ofSection(section) {
    const heading = section.querySelector("h2");
    const found = [];
    let slide = null;
    let answering = false;
    const start = () => {
      slide = { heading, steps: [[]] };
      found.push(slide);
      answering = false;
    };
    for (const element of parts(section)) {
      const text = element.textContent.trim();
      if (element.matches("p") && text.startsWith("Before you")) {
        start();
        slide.steps[0].push(element);
        answering = true;
      } else if (element.matches("section")) {
        start(); // an exercise
        slide.steps[0].push(...card(element));
      } else if (element.matches(".cell_input")) {
        if (answering && slide.steps.length === 1) slide.steps[0].push(element);
      } else if (element.matches(".cell_output")) {
        const picture = element.querySelector("img.figure, .live");
        if (!slide || (!answering && picture)) start();
        if (answering || picture) slide.steps.push([element]);
      } else if (answering && slide.steps.length > 1 && element.matches("p")) {
        slide.steps.at(-1).push(element);
        answering = false;
      }
    }
    return found.filter(({ steps }) => steps.flat().length);
  }

  // The paragraphs, code that is not folded, outputs and exercises of a
  // section, in their order.
  function parts(section) {
    const code = ":scope > .cell > .cell_input";
    const kinds = ":scope > p, :scope > .cell .cell_output, :scope > section";
    return section.querySelectorAll(`${code}, ${kinds}`);
  }

  function card(section) {
    const kinds = ":scope > h3, :scope > p, :scope > ul, :scope > ol";
    return section.querySelectorAll(kinds);
  }

  // --- how it is shown
  const box = document.createElement("div");
  box.id = "classroom";
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Classroom view");
  const view = document.createElement("div");
  view.className = "slide";
  view.tabIndex = 0;
  const bar = document.createElement("nav");
  bar.setAttribute("aria-label", "Classroom view");
  const place = document.createElement("span");
  place.setAttribute("role", "status");
  const button = (text, pressed) => {
    const made = document.createElement("button");
    made.className = "btn btn-sm btn-outline-primary";
    made.textContent = text;
    made.addEventListener("click", pressed);
    return made;
  };
  bar.append(
    button("Back", () => move(-1)),
    button("Next", () => move(1)),
    place,
    button("Leave", () => leave())
  );
  box.append(view, bar);

  let steps = [];
  let at = 0;
  const homes = new Map(); // where a live figure stands in the page

  function bringHome() {
    for (const [figure, mark] of homes) mark.replaceWith(figure);
    homes.clear();
  }

  // A live figure cannot be copied: it moves here, and back again.
  function copyOf(element) {
    const copy = element.cloneNode(true);
    const figures = element.querySelectorAll(".live");
    copy.querySelectorAll(".live").forEach((twin, index) => {
      const mark = document.createComment("live");
      const figure = figures[index];
      figure.replaceWith(mark);
      homes.set(figure, mark);
      twin.replaceWith(figure);
    });
    copy.querySelectorAll("[id]").forEach((e) => {
      if (!e.closest(".live")) e.removeAttribute("id");
    });
    copy.removeAttribute("id");
    return copy;
  }

  function show() {
    bringHome();
    const { slide, count } = steps[at];
    const heading = slide.heading ? [slide.heading] : [];
    const seen = [...heading, ...slide.steps.slice(0, count).flat()];
    view.replaceChildren(...seen.map(copyOf));
    view.scrollTop = count > 1 ? view.scrollHeight : 0;
    place.textContent = `${at + 1} of ${steps.length}`;
  }

  function move(by) {
    at = Math.min(Math.max(at + by, 0), steps.length - 1);
    show();
  }

  function keys(event) {
    if (event.target.matches("input, select, button")) return;
    const by = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
    if (event.key === "Escape") leave();
    else if (event.key in by) move(by[event.key]);
    else return;
    event.preventDefault();
  }

  function enter() {
    steps = slides().flatMap((slide) =>
      slide.steps
        .map((step, index) => ({ slide, count: index + 1, size: step.length }))
        .filter(({ size }) => size)
    );
    document.body.append(box);
    document.body.classList.add("classroom");
    document.addEventListener("keydown", keys);
    move(0);
    view.focus();
  }

  function leave() {
    bringHome();
    document.removeEventListener("keydown", keys);
    document.body.classList.remove("classroom");
    box.remove();
  }

  const enterButton = button("Classroom view", enter);
  enterButton.id = "classroom-button";
  const links = [...article.querySelectorAll("p")].find((p) =>
    p.querySelector("a.download")
  );
  (links || title).append(enterButton);
  if (location.hash === "#classroom") enter();
}

classroom();
