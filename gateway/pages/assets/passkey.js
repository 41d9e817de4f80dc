// Passkeys: adding one, and signing a decision with one. Nothing of it works without a
// script; the pages say so.
"use strict";
(() => {
  const read = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const write = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const credentials = (list) => (list ?? []).map((c) => ({ ...c, id: read(c.id) }));
  const able = () => Boolean(window.PublicKeyCredential && navigator.credentials);

  // Where passkeys are missing, as in the web views of other apps, the way leads to the system's browser.
  const box = document.getElementById("passkey");
  const elsewhere = document.querySelectorAll("[data-elsewhere]");
  if (!able()) {
    elsewhere.forEach((e) => { e.hidden = false; });
    document.querySelectorAll("[data-able]").forEach((e) => { e.hidden = true; });
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  }
  const tell = (from, text, bad) => {
    const said = from.querySelector("[data-said]");
    said.textContent = text;
    said.hidden = !text;
    said.classList.toggle("error", Boolean(bad));
    if (text) said.scrollIntoView({ block: "nearest" });
  };
  const words = (from, fault) => fault?.name === "NotAllowedError" ? from.dataset.cancelled
    : fault?.told ?? from.dataset.failed;
  const ask = async (address, options) => {
    const answer = await fetch(address, { method: "POST", headers: { Accept: "application/json" }, ...options });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(body.code), { told: body.fault ?? body.detail });
    return body;
  };

  // A decision: what the form would send is asked about, signed, and sent with the signature.
  let busy = false;
  const signed = ["approve", "reject", "return", "sanction", "amend"];
  const sign = async (form, submitter) => {
    const body = new URLSearchParams(new FormData(form, submitter));
    const asked = await ask(box.dataset.ask, { body });
    const options = asked.public_key;
    const made = await navigator.credentials.get({ publicKey: {
      ...options, challenge: read(options.challenge), allowCredentials: credentials(options.allowCredentials),
    } });
    const input = form.querySelector("input[name=passkey]") ?? form.appendChild(document.createElement("input"));
    input.type = "hidden";
    input.name = "passkey";
    input.value = JSON.stringify({
      credential: made.id, nonce: asked.nonce, authenticator_data: write(made.response.authenticatorData),
      client_data: write(made.response.clientDataJSON), signature: write(made.response.signature),
      together: asked.together ?? undefined,
    });
    form.requestSubmit(submitter);
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!box?.isConnected || !form.matches('form[action$="/decide"]') || form.querySelector("input[name=passkey]")?.value) return;
    if (!signed.includes(new FormData(form, event.submitter).get("act"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!able() || !("have" in box.dataset)) {
      elsewhere.forEach((e) => { e.hidden = able(); });
      box.scrollIntoView({ block: "center" });
      box.querySelector(able() ? "[data-able] a" : "[data-elsewhere] a")?.focus();
      return;
    }
    if (busy) return;
    busy = true;
    tell(box, box.dataset.signing);
    try {
      await sign(form, event.submitter);
    } catch (fault) {
      tell(box, words(box, fault), true);
    }
    busy = false;
  }, true);
  addEventListener("pageshow", () => document.querySelectorAll("input[name=passkey]").forEach((i) => { i.value = ""; }));

  // A new passkey.
  const add = document.getElementById("add-passkey");
  if (!add) return;
  if (!able()) {
    add.querySelectorAll("button").forEach((b) => { b.disabled = true; });
    return;
  }
  add.addEventListener("submit", async (event) => {
    if (add.elements.answer.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      const options = (await ask("/api/v1/passkeys/invitation")).public_key;
      const made = await navigator.credentials.create({ publicKey: {
        ...options, challenge: read(options.challenge), user: { ...options.user, id: read(options.user.id) },
        excludeCredentials: credentials(options.excludeCredentials),
      } });
      add.elements.answer.value = JSON.stringify({
        id: made.id, rawId: made.id, type: made.type, clientExtensionResults: made.getClientExtensionResults(),
        response: {
          clientDataJSON: write(made.response.clientDataJSON), attestationObject: write(made.response.attestationObject),
          transports: made.response.getTransports?.() ?? [],
        },
      });
      add.requestSubmit();
    } catch (fault) {
      const there = fault?.name === "InvalidStateError";
      tell(add, there ? add.dataset.there : words(add, fault), true);
    }
  }, true);
})();
