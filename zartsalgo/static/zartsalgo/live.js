"use strict";
/* Optional freshness. <div id="thread" data-live="2"> is asked for again every 2 seconds (same address) and replaced when it changed. Without
   JavaScript the page is read again by hand. A region is left alone while someone types or selects in it, and while the tab is hidden. What
   was opened stays open (details with an id), what had the focus keeps it (elements with an id, or links by address). data-count on the region
   counts its items: growth is said to screen readers. */
{
  const regions = () => [...document.querySelectorAll("[data-live][id]")];
  const note = document.getElementById("live-note");
  let lastGood = Date.now();
  let timer = 0;
  let looking = false;

  const say = (text) => { if (note && note.textContent !== text) note.textContent = text; };

  function busy(region) {
    const active = document.activeElement;
    if (region.contains(active) && active.matches("input, textarea, select, [contenteditable]")) return true;
    const picked = document.getSelection();
    return Boolean(picked && !picked.isCollapsed && region.contains(picked.anchorNode));
  }

  function swap(region, fresh) {
    for (const kept of region.querySelectorAll("details[id][open]")) fresh.querySelector(`#${CSS.escape(kept.id)}`)?.setAttribute("open", "");
    if (fresh.dataset.live) region.dataset.live = fresh.dataset.live;
    if (region.innerHTML === fresh.innerHTML) return;
    const active = region.contains(document.activeElement) ? document.activeElement : null;
    const find = active && (active.id ? `#${CSS.escape(active.id)}` : active.getAttribute("href") ? `a[href="${CSS.escape(active.getAttribute("href"))}"]` : "");
    const atEnd = region.scrollHeight - region.scrollTop - region.clientHeight < 8;
    const more = Number(fresh.dataset.count || 0) - Number(region.dataset.count || 0);
    region.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    if (fresh.dataset.count) region.dataset.count = fresh.dataset.count;
    if (find) region.querySelector(find)?.focus({ preventScroll: true });
    if (atEnd) region.scrollTop = region.scrollHeight;
    if (more > 0) say(`${more} new`);
  }

  async function look() {
    const here = regions();
    if (!here.length || looking) return;
    if (!document.hidden) {
      looking = true;
      try {
        const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin", cache: "no-store" });
        if (answer.redirected && new URL(answer.url).pathname !== location.pathname) { stale("You were signed out. Sign in again."); return; }
        if (!answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        lastGood = Date.now();
        stale("");
        for (const region of here) {
          const fresh = page.getElementById(region.id);
          if (fresh && !busy(region)) swap(region, fresh);
        }
      } catch {
        const seconds = Math.round((Date.now() - lastGood) / 1000);
        if (seconds >= 10) stale(`Not updated for ${seconds} s.`);
      } finally {
        looking = false;
      }
    }
    wait();
  }

  function stale(text) {
    const bar = document.getElementById("live-stale");
    if (!bar) return;
    bar.hidden = !text;
    bar.querySelector("[data-live-text]").textContent = text;
  }

  function wait() {
    clearTimeout(timer);
    const seconds = Math.min(...regions().map((region) => Math.max(1, Number(region.dataset.live) || 5)));
    if (Number.isFinite(seconds)) timer = setTimeout(look, seconds * 1000);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden && regions().length) { clearTimeout(timer); look(); } });
  wait();
}
