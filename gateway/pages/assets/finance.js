// The finance desk by keyboard, and lines ticked off while one looks. Everything works without it.
"use strict";

// What was ticked is kept for this visit only, by the content it was ticked on: it
// decides nothing.
{
  const ticks = [...document.querySelectorAll("[data-check]")];
  const told = document.querySelector("[data-checked]");
  const tell = () => {
    if (!told) return;
    told.textContent = told.dataset.text.replace("{n}", ticks.filter((t) => t.checked).length).replace("{of}", ticks.length);
  };
  for (const tick of ticks) {
    tick.checked = sessionStorage.getItem("check:" + tick.dataset.check) === "1";
    tick.addEventListener("change", () => {
      sessionStorage.setItem("check:" + tick.dataset.check, tick.checked ? "1" : "");
      tell();
    });
  }
  tell();
}

{
  const typing = (e) => e.closest("input:not([type=checkbox]), textarea, select");
  const move = (list, by) => {
    const at = list.indexOf(document.activeElement);
    const to = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const stops = [...document.querySelectorAll("[data-keys] a.title, [data-check]")];
    const act = {
      j: () => move(stops, 1), k: () => move(stops, -1),
      "/": () => document.querySelector("[data-search]")?.focus(),
      "[": () => document.querySelector("[data-prev]")?.click(), "]": () => document.querySelector("[data-next]")?.click(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
