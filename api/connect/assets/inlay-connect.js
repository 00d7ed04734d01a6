// For the pages of a product: opens a connect link in a popup and hears how it went.
//
//   <script src="https://inlay.example.com/connect/inlay-connect.js"></script>
//   const result = await Inlay.connect(link);
//
// `result` is {status: "connected", appKey}, {status: "failed", appKey, reason}, or
// {status: "closed"} when the window was closed without an answer: then ask your own server, which
// asks the status route. Call it in the handler of a click, or browsers block the window.
"use strict";

window.Inlay = Object.freeze({
  connect(link) {
    const { origin, href } = new URL(link, document.baseURI);
    const width = 480;
    const height = 760;
    const left = window.screenX + Math.max(0, (window.outerWidth - width) / 2);
    const top = window.screenY + Math.max(0, (window.outerHeight - height) / 2);
    const size = `popup,width=${width},height=${height},left=${left},top=${top}`;
    const opened = window.open(href, "_blank", size) ?? window.open(href, "_blank");
    if (!opened) return Promise.reject(new Error("The browser blocked the window."));

    return new Promise((resolve) => {
      // After a failure people may try again: it counts when the window is closed.
      let result = { status: "closed" };
      const finish = () => {
        window.clearInterval(watch);
        window.removeEventListener("message", hear);
        resolve(result);
      };
      const hear = (event) => {
        if (event.origin !== origin || event.source !== opened) return;
        if (event.data?.type !== "inlay-connect") return;
        const { type, ...told } = event.data;
        result = told;
        if (told.status === "connected") finish();
      };
      window.addEventListener("message", hear);
      const watch = window.setInterval(() => opened.closed && finish(), 300);
    });
  },
});
