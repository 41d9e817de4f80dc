// What every page must keep, whatever is on it. Answers with complaints.
((locale) => {
  // What may be wider than it shows, and why.
  const mayScroll = [
    "textarea", "input", "select",       // a field scrolls what is typed into it
    "nav ul", ".tabs.scroll",            // many entries scroll sideways on a phone, within their bar, with the focus
    "pre", ".diff", ".quote",            // text of policies keeps its lines
    "[data-scrolls]",                    // says of itself that it scrolls: it must take the keyboard's focus, which axe checks
  ].join(", ");
  const least = 24; // pixels of what is tapped (WCAG 2.2, 2.5.8)

  const wrong = [];
  const name = (e) => {
    const words = (e.innerText || e.value || e.getAttribute("aria-label") || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + [...e.classList].map((c) => "." + c).join("") + " «" + words + "»";
  };
  const hidden = (e) => !e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ||
    e.closest(".hidden, .skip") !== null || e.getBoundingClientRect().right <= 0;
  const floats = (e) => {
    for (; e; e = e.parentElement) if (["fixed", "sticky"].includes(getComputedStyle(e).position)) return true;
    return false;
  };
  // The part of a box that one sees: ancestors that scroll show less.
  const seen = (e, box) => {
    let { left, top, right, bottom } = box;
    for (let a = e; a && a !== document.body; a = a.parentElement) {
      const style = getComputedStyle(a);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const frame = a.getBoundingClientRect();
      left = Math.max(left, frame.left); right = Math.min(right, frame.right);
      top = Math.max(top, frame.top); bottom = Math.min(bottom, frame.bottom);
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;

  if (document.documentElement.lang !== locale) wrong.push(`is in ${document.documentElement.lang}, not ${locale}`);

  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > Math.min(innerWidth, most)) {
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > most + 1);
    wrong.push("is wider than the screen: " + wide.slice(0, 5).map(name).join(", "));
  }

  for (const e of document.images) if (e.complete && !e.naturalWidth && !hidden(e)) wrong.push("shows no picture: " + e.src);

  // Texts.
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest("script, style, template, noscript, select, datalist, title") || hidden(e)) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const raised = floats(e);
    for (const box of range.getClientRects()) {
      const { left, top, right, bottom } = seen(e, box);
      if (right - left < 1 || bottom - top < 1) continue;
      const spare = (bottom - top) * 0.22; // a font's box is taller than its letters
      texts.push({ e, raised, node: walker.currentNode, left, right, top: top + spare, bottom: bottom - spare });
    }
    const holder = e.closest("button, .button, .chip, .card, td, th, .note, summary, dd, li");
    if (!holder || e.closest(mayScroll) || getComputedStyle(e).display === "contents") continue;
    const outer = holder.getBoundingClientRect(), inner = range.getBoundingClientRect();
    if (inner.right > outer.right + 2 || inner.left < outer.left - 2) wrong.push(`${name(e)} spills out of ${name(holder)}`);
    if (holder.matches("button, .button, .chip") && inner.bottom > outer.bottom + 4) wrong.push(`${name(e)} is taller than ${name(holder)}`);
  }
  texts.sort((a, b) => a.top - b.top);
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length && texts[j].top < texts[i].bottom; j++) {
      const a = texts[i], b = texts[j];
      if (a.node !== b.node && a.raised === b.raised && meet(a, b)) wrong.push(`${name(a.e)} lies over ${name(b.e)}`);
    }
  }

  // Text that is cut.
  for (const e of document.body.querySelectorAll("*")) {
    if (hidden(e) || e.matches(mayScroll) || e.closest("svg")) continue;
    const style = getComputedStyle(e);
    if (style.overflowX !== "visible" && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) {
      wrong.push(`${name(e)} is cut: ${e.scrollWidth} pixels in ${e.clientWidth}`);
    }
    if (["hidden", "clip"].includes(style.overflowY) && e.clientHeight > 0 && e.scrollHeight > e.clientHeight + 2) {
      wrong.push(`${name(e)} is cut: ${e.scrollHeight} pixels of height in ${e.clientHeight}`);
    }
  }

  // What is pressed.
  const controls = [];
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]")) {
    if (hidden(e)) continue;
    const label = e.matches("[type=checkbox], [type=radio]") ? e.closest("label") ?? document.querySelector(`label[for="${CSS.escape(e.id)}"]`) : null;
    const inline = e.matches("a") && getComputedStyle(e).display === "inline";
    const boxes = [...(inline ? e.getClientRects() : [e.getBoundingClientRect()])].map((b) => seen(e, b)).filter((b) => b.width > 0 && b.height > 0);
    if (!boxes.length) continue;
    controls.push({ e, label, inline, boxes, raised: floats(e), tap: label ? label.getBoundingClientRect() : e.getBoundingClientRect() });
  }
  for (const [i, a] of controls.entries()) {
    for (const b of controls.slice(i + 1)) {
      if (a.e.contains(b.e) || b.e.contains(a.e) || a.raised !== b.raised) continue;
      if (a.boxes.some((x) => b.boxes.some((y) => meet(x, y)))) wrong.push(`${name(a.e)} overlaps ${name(b.e)}`);
    }
    for (const text of texts) {
      if (a.raised !== text.raised || a.e.contains(text.node) || a.label?.contains(text.node) || text.e.contains(a.e) && a.inline) continue;
      if (a.boxes.some((box) => meet(box, text))) wrong.push(`${name(a.e)} lies over the text ${name(text.e)}`);
    }
  }
  // In a sentence a link is as high as its line; else it is large enough, or alone.
  const small = (c) => Math.min(c.tap.width, c.tap.height) < least - 0.5;
  const middle = (c) => ({ x: c.tap.left + c.tap.width / 2, y: c.tap.top + c.tap.height / 2 });
  const away = (p, box) => Math.hypot(Math.max(box.left - p.x, 0, p.x - box.right), Math.max(box.top - p.y, 0, p.y - box.bottom));
  for (const c of controls) {
    const sentence = c.inline && [...c.e.parentElement.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim().length > 1);
    if (!small(c) || sentence) continue;
    const near = controls.find((o) => o !== c && o.raised === c.raised && !o.e.contains(c.e) && !c.e.contains(o.e) && (small(o)
      ? Math.hypot(middle(o).x - middle(c).x, middle(o).y - middle(c).y) < least - 0.5
      : away(middle(c), o.tap) < least / 2 - 0.5));
    if (near) wrong.push(`${name(c.e)} is ${Math.round(c.tap.width)}×${Math.round(c.tap.height)} and close to ${name(near.e)}`);
  }

  // Keys in the place of texts.
  const page = document.body.cloneNode(true);
  page.querySelectorAll(".code, code, pre, textarea, script, template").forEach((e) => e.remove());
  const key = /\b(page|status|task|act|notice|fault|ruling|role|mode|urgency|calendar|handover|intervention|reason|what|need|policy)\.[a-z]+[a-z_.]*[a-z]\b/.exec(page.textContent);
  if (key) wrong.push("shows a key: " + key[0]);

  return [...new Set(wrong)].slice(0, 12).join("\n");
})
