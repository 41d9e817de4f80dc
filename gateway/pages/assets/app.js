// What makes the pages smoother. Everything works without it.
"use strict";

// Lines of a form: added and removed without a round to the server.
for (const form of document.querySelectorAll("[data-form]")) {
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("[data-blank]");
  const total = form.querySelector("[data-total]");
  const currency = form.querySelector("[data-currency]");
  let next = 1000; // names of our own, beyond those of the server

  const renumber = () => {
    lines.querySelectorAll("[data-line] > legend").forEach((legend, i) => {
      legend.textContent = blank.content.querySelector("legend").textContent.replace("__n__", i + 1);
    });
  };

  // In whole minor units, as the server counts.
  const sum = () => {
    const digits = Number(currency.selectedOptions[0]?.dataset.digits ?? 2);
    let minor = 0n;
    for (const input of lines.querySelectorAll("[data-amount]")) {
      const text = input.value.trim().replace(/^(-?\d{1,3}(?:,\d{3})+)(?=\.|$)/, (m) => m.replaceAll(",", ""));
      if (text === "") continue;
      const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(text);
      if (!found || (found[2] ?? "").length > digits) { total.textContent = "–"; return; }
      minor += BigInt(found[1] + (found[2] ?? "").padEnd(digits, "0"));
    }
    const plain = minor.toString().padStart(digits + 1, "0");
    const whole = plain.slice(0, plain.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
    total.textContent = currency.value + "\u00a0" + whole + (digits ? "." + plain.slice(-digits) : "");
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.hasAttribute("data-add")) {
      event.preventDefault();
      const holder = document.createElement("div");
      holder.append(blank.content.cloneNode(true));
      const name = String(next++);
      for (const e of holder.querySelectorAll("[id], [for], [name], [value]")) {
        for (const a of ["id", "for", "name", "value"]) {
          if (e.hasAttribute(a)) e.setAttribute(a, e.getAttribute(a).replace("__n__", name));
        }
      }
      const line = holder.querySelector("[data-line]");
      const before = lines.querySelector("[data-line]:last-of-type select");
      lines.append(line);
      if (before) line.querySelector("select").value = before.value;
      renumber();
      line.querySelector("select").focus();
    } else if (button.hasAttribute("data-remove")) {
      event.preventDefault();
      button.closest("[data-line]").remove();
      renumber();
      sum();
    }
  });
  form.addEventListener("input", sum);
  currency.addEventListener("change", sum);
}

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
  if (!form.matches("[data-once], [data-form]")) return;
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
document.getElementById("route")?.scrollIntoView({ block: "center" });
