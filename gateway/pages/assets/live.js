// How much waits for the reader, as it changes: in the navigation, in the title, and for
// whatever else of the page listens to «inbox». Only while the page is looked at, so that
// the browser's few connections are left to who works.
"use strict";
(() => {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  const title = document.title;
  const slowly = 60_000;
  let source = null;
  let later = 0;

  const show = (waiting) => {
    for (const badge of document.querySelectorAll("[data-badge]")) {
      badge.textContent = waiting;
      badge.hidden = waiting === "";
    }
    document.title = waiting === "" ? title : "(" + waiting + ") " + title;
  };
  const close = () => { source?.close(); source = null; clearTimeout(later); };
  const open = () => {
    close();
    if (document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("inbox", (event) => {
      const inbox = JSON.parse(event.data);
      show(inbox.waiting);
      document.dispatchEvent(new CustomEvent("inbox", { detail: inbox }));
    });
    // The browser comes again by itself after a lost line. Refused for good (too many pages,
    // a gateway that goes away), it is asked again slowly; signed out, it stays refused.
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) later = setTimeout(open, slowly);
    });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
})();
