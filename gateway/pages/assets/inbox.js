// The inbox without a mouse, and as it changes. Everything works without it.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll(".inbox tbody tr:not(.gone)")];
  const here = () => document.activeElement?.closest?.(".inbox tbody tr");
  const keys = document.querySelector("[data-keys]");
  if (keys) keys.hidden = false;

  // Keys: none while somebody types, none with a modifier.
  const move = (by) => {
    const list = rows();
    if (list.length === 0) return;
    const at = list.indexOf(here());
    const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1)];
    next.querySelector("a.title").focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const tick = (always) => {
    const box = here()?.querySelector("input[name=pick]");
    if (!box) return;
    box.checked = always || !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const ticked = () => document.querySelector(".inbox input[name=pick]:checked");
  const acts = {
    j: () => move(1),
    k: () => move(-1),
    x: () => tick(false),
    a: () => { tick(true); if (ticked()) document.querySelector(".many button[value=approve]")?.focus(); },
    r: () => { tick(true); if (ticked()) document.getElementById("bulk-opinion")?.focus(); },
    e: () => { const marks = here()?.querySelector("details.marks"); if (marks) marks.open = !marks.open; },
    "/": () => document.getElementById("q")?.focus(),
    "?": () => { if (keys) { keys.open = !keys.open; if (keys.open) keys.querySelector("summary").focus(); } },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest?.("textarea, select, input:not([type=checkbox])");
    if (event.key === "Escape" && typing) { typing.blur(); return; }
    const act = acts[event.key];
    if (typing || !act) return;
    event.preventDefault();
    act();
  });

  // News: the list is read again and put in its place. Ticks, the place of the keyboard and
  // what was opened stay; a ticked task that went away says so instead of vanishing, until the page is left.
  const inbox = document.getElementById("inbox");
  if (!inbox) return;
  const words = document.querySelector("[data-news]");
  let reading = false;
  let again = false;

  const say = (fresh, gone) => {
    const said = [];
    const count = (n, one, many) => { if (n > 0) said.push(n === 1 ? one : many.replace("{n}", n)); };
    count(fresh, words.dataset.newOne, words.dataset.newMany);
    count(gone, words.dataset.goneOne, words.dataset.goneMany);
    if (said.length > 0) words.textContent = said.join(" ");
  };
  const leave = (row) => {
    row.className = "gone";
    row.querySelector("input[name=pick]")?.remove();
    const note = document.createElement("span");
    note.className = "gone-note";
    note.textContent = words.dataset.gone;
    row.querySelector("td.first a.title")?.after(note);
    return row;
  };
  const pickOf = (row) => row.querySelector("input[name=pick]")?.value;
  const same = (a, b) => a.textContent === b.textContent && pickOf(a) === pickOf(b);
  const merge = (fresh) => {
    const old = inbox.querySelector("tbody");
    const next = fresh.querySelector("tbody");
    const before = new Map([...(old?.rows ?? [])].map((row) => [row.dataset.task, row]));
    const after = new Map([...(next?.rows ?? [])].map((row) => [row.dataset.task, row]));
    const came = [...after].filter(([task]) => !before.has(task));
    const went = [...before].filter(([task, row]) => !after.has(task) && !row.classList.contains("gone"));
    const gone = [...before.values()].filter((row) => row.classList.contains("gone") && !after.has(row.dataset.task));
    const touched = went.filter(([, row]) => row.querySelector("input:checked") || row.contains(document.activeElement));
    if (!old || !next) {
      if (document.activeElement && inbox.contains(document.activeElement) && touched.length === 0) {
        document.getElementById("main").focus();
      }
      const told = inbox.querySelectorAll(":scope > .gone-told");
      inbox.replaceChildren(...fresh.childNodes);
      inbox.querySelector("[data-all]")?.removeAttribute("hidden");
      inbox.prepend(...told, ...gone.map(noteOf), ...touched.map(([, row]) => noteOf(row)));
    } else {
      const task = here()?.dataset.task;
      const where = document.activeElement?.name === "pick" ? "input[name=pick]" : "a.title";
      const shown = [...after].map(([name, row]) => {
        const was = before.get(name);
        if (was && same(was, row)) return was; // nobody's click or keyboard loses its row
        const box = row.querySelector("input[name=pick]");
        const ticked = was?.querySelector("input[name=pick]");
        if (box && ticked) box.checked = ticked.checked && ticked.value === box.value;
        if (was?.querySelector("details.marks")?.open) row.querySelector("details.marks")?.setAttribute("open", "");
        if (!was) row.classList.add("fresh");
        return row;
      });
      old.replaceChildren(...gone, ...touched.map(([, row]) => leave(row)), ...shown);
      if (task && here()?.dataset.task !== task) {
        const row = [...old.rows].find((one) => one.dataset.task === task);
        (row?.querySelector(where) ?? row?.querySelector("a.title"))?.focus({ preventScroll: true });
      }
    }
    const found = fresh.querySelector(".found");
    if (found) inbox.querySelector(".found")?.replaceWith(found);
    inbox.dataset.mark = fresh.dataset.mark;
    say(came.length, went.length);
  };
  const noteOf = (row) => {
    const note = document.createElement("p");
    note.className = "note wait gone-told";
    note.textContent = (row.querySelector("a.title")?.textContent ?? "") + " – " + words.dataset.gone;
    return note;
  };
  // How many each tab holds. Who stands on a tab stays there.
  const recount = (fresh) => {
    const tabs = document.querySelector("[data-tabs]");
    if (!tabs || !fresh || tabs.innerHTML === fresh.innerHTML) return;
    const on = tabs.contains(document.activeElement) && document.activeElement.getAttribute("href");
    tabs.replaceChildren(...fresh.childNodes);
    if (on) [...tabs.querySelectorAll("a")].find((a) => a.getAttribute("href") === on)?.focus({ preventScroll: true });
  };
  const look = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "Countersign-Unattended": "1" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("inbox");
      if (!fresh) return;
      merge(fresh);
      recount(page.querySelector("[data-tabs]"));
    } catch { /* the network is away: the next news brings it */ } finally {
      reading = false;
      if (again) { again = false; look(); }
    }
  };
  // A form that is being sent, and a page that shows what was refused, are left alone.
  const sending = () => inbox.querySelector("button[disabled]") || inbox.querySelector(".note.bad, .note.good");
  document.addEventListener("inbox", (event) => {
    if (event.detail.mark !== inbox.dataset.mark && !sending()) look();
  });
})();
