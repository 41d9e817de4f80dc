// What makes writing a document quick: lines, files, limits and saving without a round of
// the whole page. Everything works without it.
"use strict";

{
  const form = document.querySelector("[data-form]");
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("[data-blank]");
  const total = form.querySelector("[data-total]");
  const currency = form.querySelector("[data-currency]");
  const words = form.querySelector("[data-words]").dataset;
  const told = form.querySelector("[data-told]");
  const all = () => [...lines.querySelectorAll("[data-line]")];
  form.classList.add("enhanced");

  // ---- Lines -------------------------------------------------------------------------

  let next = 1000; // names of our own, beyond those of the server

  const field = (line, name) => line.querySelector(`[name="${line.dataset.prefix}${name}"]`);
  const renumber = () => all().forEach((line, i) => {
    const legend = blank.content.querySelector("legend").textContent;
    line.querySelector("legend").textContent = legend.replace("__n__", i + 1);
  });

  const asks = (line) => {
    const chosen = field(line, "category").selectedOptions[0];
    line.classList.toggle("asks-city", chosen?.hasAttribute("data-city") || Boolean(field(line, "city")?.value));
    line.classList.toggle("asks-units", chosen?.hasAttribute("data-units") || Boolean(field(line, "units")?.value));
  };

  const add = (after, like) => {
    const holder = document.createElement("div");
    holder.append(blank.content.cloneNode(true));
    const name = String(next++);
    for (const e of holder.querySelectorAll("[id], [for], [name], [value], [data-prefix]")) {
      for (const a of ["id", "for", "name", "value", "data-prefix"]) {
        if (e.hasAttribute(a)) e.setAttribute(a, e.getAttribute(a).replace("__n__", name));
      }
    }
    const line = holder.querySelector("[data-line]");
    const last = all().at(-1);
    if (after) after.after(line); else lines.append(line);
    for (const part of like ? ["category", "date", "description", "amount", "tax", "city", "units", "cost_center"] : ["category"]) {
      const from = like ?? last;
      if (from && field(from, part) && field(line, part)) field(line, part).value = field(from, part).value;
    }
    asks(line);
    renumber();
    sum();
    return line;
  };

  // In whole minor units, as the server counts.
  const sum = () => {
    const digits = Number(currency.selectedOptions[0]?.dataset.digits ?? 2);
    let minor = 0n;
    for (const input of lines.querySelectorAll("input[data-amount]")) {
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
    const line = button?.closest("[data-line]");
    if (button?.hasAttribute("data-add")) {
      event.preventDefault();
      field(add(), "category").focus();
    } else if (button?.hasAttribute("data-copy")) {
      event.preventDefault();
      field(add(line, line), "date").focus();
    } else if (button?.hasAttribute("data-remove")) {
      event.preventDefault();
      const near = line.nextElementSibling ?? line.previousElementSibling;
      line.remove();
      (near ? field(near, "category") : form.querySelector("[data-add]")).focus();
      renumber();
      sum();
    } else if (button?.hasAttribute("data-remove-file")) {
      event.preventDefault();
      button.closest("li").remove();
    } else return;
    changed();
  });

  form.addEventListener("keydown", (event) => {
    const line = event.target.closest?.("[data-line]");
    const letter = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey ? event.key.toLowerCase() : "";
    if (letter === "s") {
      event.preventDefault();
      save();
    } else if (letter === "d" && line) {
      event.preventDefault();
      field(add(line, line), "date").focus();
      changed();
    } else if (event.key === "Enter" && !event.isComposing && event.target.matches("input:not([type=file])")) {
      event.preventDefault(); // it sends nothing by accident
      if (!line) return;
      const below = all()[all().indexOf(line) + 1] ?? add();
      const empty = ["date", "description", "amount"].find((part) => !field(below, part).value);
      field(below, empty ?? "date").focus();
    }
  });

  // ---- Files -------------------------------------------------------------------------

  let sending = Promise.resolve(); // one file after another
  let unsent = 0;

  const isFree = (line) => !["amount", "invoice", "description"].some((part) => field(line, part).value) &&
    !line.querySelector("[data-token]");

  // fill takes over what an invoice says, where nothing stands yet.
  const fill = (line, read) => {
    const put = (part, value) => {
      const input = field(line, part);
      if (!value || !input || input.value) return;
      input.value = value;
      input.classList.add("filled");
    };
    put("invoice", read.number);
    put("date", read.date);
    put("description", read.seller);
    if (currency.value === "CNY" && !field(line, "amount").value) {
      put("amount", read.amount);
      put("tax", read.tax);
    }
  };

  const sendOne = async (file, line) => {
    const place = (line ?? form).querySelector(line ? "[data-files]" : "#attachments [data-files]");
    const waits = document.createElement("li");
    waits.className = "sending";
    waits.textContent = words.sending.replace("{name}", file.name);
    place.append(waits);
    const body = new FormData();
    body.append("upload", file, file.name || "image.png");
    try {
      const answer = await fetch("/attachments", { method: "POST", body, redirect: "manual", headers: { Accept: "text/html" } });
      if (answer.type === "opaqueredirect") { ended(); throw new Error("signed out"); }
      if (!answer.ok) throw new Error(String(answer.status));
      const item = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("li");
      waits.replaceWith(item);
      if (!item.hasAttribute("data-file")) return;
      if (!line && item.dataset.number) {
        line = all().find(isFree) ?? add();
        line.querySelector("[data-files]").append(item);
      }
      item.querySelector("[data-token]").name = line ? line.dataset.prefix + "file" : "file";
      if (line) fill(line, item.dataset);
      sum();
      changed();
    } catch {
      waits.className = "error";
      waits.textContent = words.unsent.replace("{name}", file.name);
    }
  };

  const send = (files, line) => {
    for (const file of files) {
      unsent++;
      sending = sending.then(() => sendOne(file, line)).finally(() => { unsent--; });
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    send([...event.target.files], event.target.closest("[data-line]"));
    event.target.value = "";
  });

  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (where) => {
    form.querySelectorAll(".dropping").forEach((e) => e.classList.remove("dropping"));
    where?.classList.add("dropping");
  };
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    mark(event.target.closest?.("[data-line]") ?? form.querySelector("#attachments"));
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(null); });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    mark(null);
    send([...event.dataTransfer.files], event.target.closest?.("[data-line]"));
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    send(files, document.activeElement?.closest?.("[data-line]"));
  });

  // ---- What is said beside the form ----------------------------------------------------

  const touched = new Set(); // inputs that somebody filled in and left

  const written = (what) => {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    body.set("do", what);
    return body;
  };

  const ask = (body, signal) => fetch(form.getAttribute("action"), { method: "POST", body, signal, redirect: "manual",
    headers: { Accept: "application/json, text/html" } });

  const blame = (input, text) => {
    let place = document.getElementById(input.id + "-error");
    if (!text) {
      place?.remove();
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      return;
    }
    if (!place) {
      place = document.createElement("span");
      place.className = "error";
      place.id = input.id + "-error";
      input.after(place);
    }
    if (place.textContent.trim() !== text) place.textContent = text;
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", place.id);
  };

  const show = (answer) => {
    const found = answer.querySelectorAll("[data-said]");
    for (const part of found) {
      const n = /^line-(\d+)$/.exec(part.dataset.said);
      const place = n ? all()[n[1]]?.querySelector("[data-said]") : form.querySelector(`[data-said="${part.dataset.said}"]`);
      if (place && place.innerHTML.trim() !== part.innerHTML.trim()) place.replaceChildren(...part.childNodes);
    }
    form.elements.warned.value = answer.querySelector("[data-warned]")?.value ?? "";
    const wrong = new Map();
    for (const f of answer.querySelectorAll("[data-faults] > li")) {
      const line = f.dataset.line === "" ? null : all()[f.dataset.line];
      const input = line ? field(line, f.dataset.name) : document.getElementById("f-" + f.dataset.name);
      if (input && !wrong.has(input)) wrong.set(input, f.textContent);
    }
    for (const input of form.querySelectorAll("input[id], select[id], textarea[id]")) {
      if (wrong.has(input) ? touched.has(input) : input.hasAttribute("aria-invalid")) blame(input, wrong.get(input));
    }
  };

  let looking = null; // the question under way
  const look = async () => {
    looking?.abort();
    const mine = looking = new AbortController();
    try {
      const answer = await ask(written("check"), mine.signal);
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* typed on, or the network is away: asked again with the next change */ }
  };

  // ---- Saving --------------------------------------------------------------------------

  const keeps = `form:${form.dataset.person}:`;
  const here = () => keeps + location.pathname;
  let dirty = false, lost = false, conflict = false, leaving = false, changes = 0;

  // hold keeps in this window what cannot be saved now.
  const hold = () => { try { sessionStorage.setItem(here(), written("restore")); } catch { /* full or forbidden */ } };
  const drop = () => { try { sessionStorage.removeItem(here()); } catch { /* forbidden */ } };

  const tell = (text, bad) => {
    if (told.textContent !== text) told.textContent = text;
    told.classList.toggle("late", Boolean(bad));
  };

  const ended = () => {
    lost = true;
    hold();
    tell(words.ended + " ", true);
    const link = document.createElement("a");
    link.href = "/login?return_to=%2Fnew";
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = words.login;
    told.append(link);
  };

  // save keeps the draft; it answers whether the page may go on.
  let saving = Promise.resolve(true);
  const save = () => { saving = saving.then(saveNow, saveNow); return saving; };
  const saveNow = async () => {
    if (form.dataset.mode === "returned") { hold(); return true; }
    if (conflict) return true; // the page itself says what may be done
    const upTo = changes;
    try {
      const answer = await ask(written("autosave"));
      if (answer.type === "opaqueredirect") { ended(); return false; }
      if (answer.status === 403 && !answer.headers.get("Content-Type")?.includes("json")) { ended(); return false; } // somebody else is signed in
      const said = await answer.json();
      tell(said.told, !answer.ok);
      if (said.conflict) {
        conflict = true;
        form.querySelector("[data-elsewhere]").hidden = false;
        form.querySelector("[data-elsewhere]").scrollIntoView({ block: "center" });
      }
      if (!answer.ok) { hold(); return true; }
      const moved = form.getAttribute("action") !== said.action;
      drop();
      form.elements.seen.value = said.seen;
      if (moved) {
        form.setAttribute("action", said.action);
        form.dataset.mode = "draft";
        form.querySelector("[data-other]").href = said.action;
        if (!leaving) history.replaceState(null, "", said.action);
      }
      dirty = changes !== upTo;
      form.dataset.state = dirty ? "changed" : "saved";
      lost = false;
      return true;
    } catch {
      lost = true;
      hold();
      tell(words.away, true);
      clearTimeout(saveSoon);
      saveSoon = setTimeout(save, 5000); // a server that was away tells nobody that it is back
      return false;
    }
  };

  let lookSoon = 0, saveSoon = 0;
  const changed = () => {
    dirty = true;
    form.dataset.state = "changed";
    changes++;
    clearTimeout(lookSoon);
    clearTimeout(saveSoon);
    lookSoon = setTimeout(look, 600);
    saveSoon = setTimeout(save, 2500);
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    event.target.classList.remove("filled");
    sum();
    changed();
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") return;
    touched.add(event.target);
    const line = event.target.closest("[data-line]");
    if (line) asks(line);
    sum();
    if (event.target.name === "for") form.requestSubmit(form.querySelector('[name="do"][value="for"]'));
    else changed();
  });
  document.addEventListener("visibilitychange", () => {
    if (dirty && (document.hidden || lost)) save();
  });
  addEventListener("online", () => { if (dirty) save(); });
  addEventListener("pagehide", () => { if (dirty && lost) hold(); });
  addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });

  // Before the form goes: every file is there, and somebody is still signed in.
  let ready = false;
  form.addEventListener("submit", async (event) => {
    if (ready) { ready = false; dirty = false; return; }
    event.preventDefault();
    const button = event.submitter;
    if (button?.value === "upload") return; // Enter somewhere: files are sent already
    if (leaving) return; // to leave the field of a person sends the form, and so does the button pressed for that
    clearTimeout(lookSoon);
    clearTimeout(saveSoon);
    while (unsent > 0) await sending;
    leaving = true; // the next page has an address of its own
    const over = button?.value === "save_over";
    if (!over && !(await save())) { leaving = false; return; }
    drop();
    await new Promise((go) => { setTimeout(go); }); // not while the first event is still under way
    ready = true;
    form.requestSubmit(button);
  });

  // ---- The beginning -------------------------------------------------------------------

  const kept = document.querySelector("[data-kept]");
  let before = null;
  try { before = sessionStorage.getItem(here()); } catch { /* forbidden */ }
  if (before) {
    kept.hidden = false;
    kept.querySelector("[data-discard]").addEventListener("click", () => { drop(); kept.hidden = true; });
    kept.querySelector("[data-restore]").addEventListener("click", () => {
      const again = document.createElement("form");
      again.method = "post";
      again.action = form.getAttribute("action");
      const fresh = new FormData(form);
      for (const [name, value] of new URLSearchParams(before)) {
        const input = document.createElement("input");
        input.type = "hidden";
        input.name = name;
        input.value = name === "seen" || name === "key" ? fresh.get(name) : value;
        again.append(input);
      }
      drop();
      document.body.append(again);
      again.submit();
    });
  }
  all().forEach(asks);
  sum();
  if (form.querySelector("#route[data-asked]")) document.getElementById("route").scrollIntoView({ block: "center" });
}
