// For the pages of a product: opens a connect link in a popup and hears how it went.
//
//   <script src="https://inlay.example.com/connect/inlay-connect.js"></script>
//   const result = await Inlay.connect(link);
//
// `result` is {status: "connected", appKey}, {status: "failed", appKey, reason}, or
// {status: "closed"} when the window was closed without an answer: then ask your own server, which
// asks the status route. Call it in the handler of a click, or browsers block the window.
"use strict";

(() => {
  /** So long this page must have had the focus before it is believed that nobody is at work. */
  const HELD_S = 10;

  /** How far a link is; nothing where this page's origin is not allowed to ask. */
  async function progress(url) {
    try {
      const answer = await fetch(url, { credentials: "omit", cache: "no-store" });
      return answer.ok ? await answer.json() : {};
    } catch {
      return {};
    }
  }

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
          window.removeEventListener("focus", back);
          resolve(result);
        };
        // Whoever comes back to this page is done with the window, whether it can be seen or not.
        let isBack = false;
        const back = () => {
          isBack = true;
        };
        const hear = (event) => {
          if (event.origin !== origin || event.source !== opened) return;
          if (event.data?.type !== "inlay-connect") return;
          const { type, ...told } = event.data;
          result = told;
          if (told.status === "connected") finish();
        };
        window.addEventListener("message", hear);
        window.addEventListener("focus", back);
        // A page of an app may cut the tie to its window, which then looks closed: how far the link
        // is tells whether somebody is still at work.
        const follow = async () => {
          let seconds = 0;
          while (result.status === "closed") {
            const { status, appKey } = await progress(`${href.split(/[?#]/)[0]}/progress`);
            if (status === "connected") result = { status, appKey };
            if (status !== "away" || isBack || seconds > HELD_S) return;
            await new Promise((next) => window.setTimeout(next, 1000));
            // While the window is before this page, this page has no focus.
            seconds = document.hasFocus() ? seconds + 1 : 0;
          }
        };
        const watch = window.setInterval(() => {
          if (!opened.closed) return;
          window.clearInterval(watch);
          follow().finally(finish);
        }, 300);
      });
    },
  });
})();
