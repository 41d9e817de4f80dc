// What makes the pages smoother. Everything works without it.
"use strict";

// One tick for all of a list, also of rows that came later.
const ticksOf = (form) => [...form.querySelectorAll("input[name=pick]")];
const showAll = () => document.querySelectorAll("[data-many] [data-all]").forEach((all) => { all.hidden = false; });
showAll();
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-many]");
  const all = form?.querySelector("[data-all] input");
  if (!all) return;
  if (event.target === all) ticksOf(form).forEach((t) => { t.checked = all.checked; });
  else all.checked = ticksOf(form).every((t) => t.checked);
});

// A second click sends nothing: the form's key would find the first answer anyway.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-once], [data-form]")) return;
  setTimeout(() => [...form.elements].filter((e) => e.type === "submit").forEach((b) => { b.disabled = true; }), 0);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("button[disabled]").forEach((b) => { b.disabled = false; });
});

// While something is being applied: look for news, and show it in place unless
// somebody types. What the page said before stays on it.
const watch = { ...document.body.dataset };
if (watch.refresh) {
  let tries = 0;
  const show = async () => {
    const answer = await fetch(watch.back, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = fresh.getElementById("main");
    if (!answer.ok || !main) return;
    const said = document.querySelector("main > .note.good");
    document.getElementById("main").replaceChildren(...main.childNodes);
    if (said && !document.querySelector("main > .note.good")) document.getElementById("main").prepend(said);
    history.replaceState(null, "", answer.url);
    Object.assign(watch, { refresh: "", seen: "", back: "" }, fresh.body.dataset);
  };
  const look = async () => {
    if (++tries > 120) return;
    try {
      const answer = await fetch(watch.refresh, { headers: { Accept: "text/plain" } });
      const typing = [...document.querySelectorAll("textarea")].some((t) => t.value !== t.defaultValue);
      if (answer.ok && !typing && (await answer.text()) !== watch.seen) await show();
    } catch { /* the network is away: look again */ }
    if (watch.refresh) setTimeout(look, 700 + Math.min(tries, 20) * 200);
  };
  setTimeout(look, 700);
}

// From a finding to its place in the text.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const text = document.getElementById("yaml");
  if (!link || !text) return;
  event.preventDefault();
  const lines = text.value.split("\n");
  const line = Math.min(Number(link.dataset.line), lines.length) - 1;
  const at = lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0) + Number(link.dataset.column || 1) - 1;
  text.focus();
  text.setSelectionRange(at, at + Math.max(0, lines[line].length - Number(link.dataset.column || 1) + 1));
  text.scrollTop = Math.max(0, line - 3) * parseFloat(getComputedStyle(text).lineHeight);
});

document.getElementById("wrong")?.focus();

// What was typed and not sent comes back after one has signed in again, in this tab alone.
const typedHere = "typed:" + location.pathname.replace(/\/decide$/, ""); // where a refused decision is shown
const typable = () => [...document.querySelectorAll("main textarea[id], main input[id]:is(:not([type]), [type=text])")];
document.querySelector("#fresh a.button")?.addEventListener("click", () => {
  sessionStorage.setItem(typedHere, JSON.stringify(typable().filter((f) => f.value !== "").map((f) => [f.id, f.value])));
});
if (new URLSearchParams(location.search).has("held")) {
  const typed = new Map(JSON.parse(sessionStorage.getItem(typedHere) || "[]"));
  typable().filter((f) => typed.has(f.id)).forEach((f) => { f.value = typed.get(f.id); });
}
sessionStorage.removeItem(typedHere);
