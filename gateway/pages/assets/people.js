// Proposes colleagues while a name is typed. What is typed is understood without it too.
"use strict";

(() => {
  const pause = 150; // milliseconds without a key
  let count = 0;
  const propose = async (input) => {
    const cut = input.hasAttribute("data-several") ? Math.max(input.value.lastIndexOf(","), input.value.lastIndexOf("，")) + 1 : 0;
    const before = input.value.slice(0, cut), asked = input.value.slice(cut).trim();
    if (input.dataset.asked === input.value) return;
    input.dataset.asked = input.value;
    try {
      const answer = await fetch("/organisation/suggest?q=" + encodeURIComponent(asked), { headers: { Accept: "application/json" } });
      if (!answer.ok || input.dataset.asked !== input.value) return;
      const options = (await answer.json()).map((found) => {
        const option = document.createElement("option");
        option.value = before + (before && !before.endsWith(" ") ? " " : "") + found.value;
        option.label = found.label;
        return option;
      });
      input.list.replaceChildren(...options);
    } catch { /* the network is away: a name may be typed all the same */ }
  };
  for (const input of document.querySelectorAll("input[data-people]")) {
    const list = document.createElement("datalist");
    list.id = "people-found-" + ++count;
    input.after(list);
    input.setAttribute("list", list.id);
    let timer;
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => propose(input), pause); });
    input.addEventListener("focus", () => propose(input), { once: true });
  }
})();
