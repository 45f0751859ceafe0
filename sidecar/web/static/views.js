// Views that this browser's reader keeps: a name, and an address of the library. They are no facts about takes, so they
// are no rows in the database, to which the library has no right to write.

import { word } from "./app.js";

const KEY = "views";

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function keep(views) {
  localStorage.setItem(KEY, JSON.stringify(views));
}

export function views(root, form) {
  const draw = () => {
    root.querySelectorAll("[data-own]").forEach((each) => each.remove());
    for (const view of kept()) {
      const line = document.createElement("li");
      line.dataset.own = "";
      const link = document.createElement("a");
      link.textContent = view.name;
      link.href = view.address;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "plain";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `${word("remove_view")}: ${view.name}`);
      remove.addEventListener("click", () => {
        keep(kept().filter((each) => each.name !== view.name));
        draw();
      });
      line.append(link, remove);
      root.append(line);
    }
    mark();
  };
  const mark = () => {
    for (const link of root.querySelectorAll("a")) {
      if (link.getAttribute("href") === location.pathname + location.search) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = form.elements.name.value.trim();
    if (!name) return;
    keep([...kept().filter((each) => each.name !== name), { name, address: location.pathname + location.search }]);
    form.reset();
    draw();
  });
  draw();
  return mark;
}
