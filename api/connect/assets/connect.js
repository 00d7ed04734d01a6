// What the connect pages do beyond HTML. Every page works without it.
"use strict";

/** Shows each field whose condition holds; what is hidden is not sent. */
function showFields(form) {
  const rows = [...form.querySelectorAll(".field[data-show-key]")];
  if (!rows.length) return;
  const update = () => {
    // A field may depend on one that depends on another: as many rounds as there are fields.
    for (let round = 0; round <= rows.length; round += 1) {
      for (const row of rows) {
        const other = form.elements.namedItem(row.dataset.showKey);
        // A field that is not here was answered by the product: the server knows.
        const shown = !other || (!other.disabled && other.value === row.dataset.showValue);
        row.hidden = !shown;
        for (const control of row.querySelectorAll("input, select, textarea")) {
          control.disabled = !shown;
        }
      }
    }
  };
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  window.addEventListener("pageshow", update);
  update();
}

/** Lets people see the secret that they have pasted. */
function revealSecrets(form) {
  for (const button of form.querySelectorAll("button.reveal")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      const { otherText, otherLabel } = button.dataset;
      button.dataset.otherText = button.textContent;
      button.dataset.otherLabel = button.getAttribute("aria-label");
      button.textContent = otherText;
      button.setAttribute("aria-label", otherLabel);
    });
    // A browser may offer to keep what is typed into a text field.
    form.addEventListener("submit", () => {
      input.type = "password";
    });
  }
}

/** One press sends a form once. */
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    const button = event.submitter;
    if (!button) return;
    button.setAttribute("aria-disabled", "true");
    button.dataset.text = button.textContent;
    button.textContent = form.dataset.working;
  });
  // The page may come back as it was left, with the browser's back button.
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      button.textContent = button.dataset.text;
    }
  });
}

/** Tells the window that opened this one how it went, if it is of an allowed origin. */
function tellOpener(card) {
  if (!window.opener || !card.dataset.result) return;
  const result = JSON.parse(card.dataset.result);
  for (const origin of JSON.parse(card.dataset.origins)) {
    try {
      window.opener.postMessage({ type: "inlay-connect", ...result }, origin);
    } catch {
      // No origin that a browser knows: nobody can be told.
    }
  }
  if (result.status === "connected") window.setTimeout(() => window.close(), 1500);
}

/** Letters in place of a logo that cannot be loaded. */
function dropBrokenLogos() {
  for (const image of document.querySelectorAll(".face img")) {
    image.decode().catch(() => image.remove());
  }
}

for (const form of document.forms) {
  showFields(form);
  revealSecrets(form);
  sendOnce(form);
}
dropBrokenLogos();
document.getElementById("problems")?.focus();
tellOpener(document.querySelector(".card"));
for (const button of document.querySelectorAll("[data-close]")) {
  if (!window.opener) break;
  button.hidden = false;
  button.addEventListener("click", () => window.close());
}
