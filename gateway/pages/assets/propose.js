// The check of a text while it is written. Without it the button does the same.
"use strict";

{
  const form = document.querySelector("[data-workbench]");
  const text = form.querySelector("textarea[name=yaml]");
  const said = form.querySelector("[data-said]");
  const pause = 900; // milliseconds without a key before it asks
  let timer, asking;

  // What came back stands in the place of what the page said before.
  const show = (fresh) => {
    for (const name of ["check", "changes", "sheet"]) {
      const [old, next] = [document, fresh].map((d) => d.querySelector(`[data-part=${name}]`));
      if (old && next) old.replaceChildren(...next.childNodes);
    }
    document.getElementById("simulated")?.remove(); // of a text that is no more
    const verdict = document.querySelector("[data-part=check] h2")?.textContent ?? "";
    if (said.textContent !== verdict) said.textContent = verdict;
  };

  const check = async () => {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "check");
    try {
      const answer = await fetch(form.action, {
        method: "POST", body, headers: { Accept: "text/html" }, signal: asking.signal,
      });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* a newer text is asked about, or the network is away: the button is there */ }
  };

  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, pause);
  });
}
