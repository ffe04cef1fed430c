"use strict";
/* Optional shortcuts. Every key has a visible link or button; letters typed in a field do nothing here; the switch in the key list turns all
   of it off (WCAG 2.1.4).
     data-go="i"   on a menu link: g then i
     data-key="a"  on a link, button or field of a page: pressing a uses it (a field takes the focus)
     data-item     on a list entry: j and k move through them, Enter opens (the entry's own link has the focus)
     data-looking  on a form: sent now and every minute while the page is in sight, so that others see that somebody is on it
   Escape closes the details it is pressed in and gives the focus back to its button; who comes back to a page finds the focus on the link
   they left by. */
{
  const dialog = document.getElementById("keys");
  let armed = 0;

  const isOn = () => !dialog || dialog.dataset.keys !== "off";
  const shown = (el) => el.checkVisibility() && el.getClientRects().length > 0;
  const post = (form) => fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Live": "1" }, credentials: "same-origin", keepalive: true }).catch(() => {});
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const words = (el) => (el.getAttribute("aria-label") || el.dataset.keyWord || el.textContent || "").trim().replace(/\s+/g, " ");

  function move(step) {
    const items = all("[data-item], #result_list tbody tr");
    if (!items.length) return false;
    const at = items.findIndex((item) => item.contains(document.activeElement));
    const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + step))];
    const link = next.matches("a, button") ? next : next.querySelector("a[href], button, summary, [tabindex]");
    if (!link) return false;
    link.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function use(el) {
    el.focus();
    if (el.matches("input:not([type=submit], [type=button], [type=radio], [type=checkbox]), textarea, select")) return;
    el.click();
    const opened = el.matches("summary") && el.parentElement.open && el.parentElement.querySelector("input:not([type=hidden]), button, a[href], textarea");
    if (opened) opened.focus();
  }

  function list() {
    const box = dialog.querySelector("[data-key-list]");
    const rows = all("[data-go]").map((el) => [["g", el.dataset.go], "Go to " + words(el)]);
    const seen = new Set();
    for (const el of all("[data-key]")) if (!seen.has(el.dataset.key)) { seen.add(el.dataset.key); rows.push([[el.dataset.key], words(el)]); }
    box.replaceChildren(...[...rows, [["j"], "Next in the list"], [["k"], "Previous in the list"], [["Enter"], "Open"], [["/"], "Search this page"], [["?"], "This list"], [["Esc"], "Close"]].flatMap(([keys, what]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      keys.forEach((key, i) => { if (i) dt.append(" then "); const kbd = document.createElement("kbd"); kbd.textContent = key; dt.append(kbd); });
      dd.textContent = what;
      return [dt, dd];
    }));
  }

  function open() {
    if (!dialog || dialog.open) return;
    list();
    dialog.showModal();
  }

  if (dialog) {
    dialog.querySelector("[data-keys-switch]")?.addEventListener("change", (event) => {
      dialog.dataset.keys = event.target.checked ? "on" : "off";
      for (const word of document.querySelectorAll("[data-keys-state]")) word.textContent = dialog.dataset.keys;
      post(event.target.form);
    });
    document.querySelectorAll("[data-keys-open]").forEach((button) => button.addEventListener("click", open));
  }

  const looking = document.querySelector("form[data-looking]");
  if (looking) {
    const look = () => { if (!document.hidden) post(looking); };
    looking.hidden = true;
    look();
    setInterval(look, 60_000);
  }

  // Back to where one left: the link that was followed has the focus again.
  const place = "zarts.left:" + location.pathname + location.search;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link) try { sessionStorage.setItem(place, link.getAttribute("href")); } catch { /* private mode */ }
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
    let left = null;
    try { left = sessionStorage.getItem(place); } catch { /* private mode */ }
    if (left && (document.activeElement === document.body || !document.activeElement)) all(`main a[href="${CSS.escape(left)}"]`)[0]?.focus();
  });

  document.addEventListener("keydown", (event) => {
    const fold = event.key === "Escape" && !event.defaultPrevented && event.target.closest("main details[open]");
    if (!fold) return;
    fold.open = false;
    fold.querySelector("summary").focus();
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isOn()) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const key = event.key;
    const wasArmed = Date.now() - armed < 1500;
    armed = 0;
    let done = true;
    if (wasArmed && key.length === 1) {
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) link.click(); else done = false;
    } else if (key === "g") armed = Date.now();
    else if (key === "?") open();
    else if (key === "/") { const field = all("[data-search], input[type=search], #searchbar")[0]; if (field) field.focus(); else done = false; }
    else if (key.length === 1 && all(`[data-key="${CSS.escape(key)}"]`)[0]) use(all(`[data-key="${CSS.escape(key)}"]`)[0]);
    else if (key === "j" || key === "k") done = move(key === "j" ? 1 : -1);
    else done = false;
    if (done) event.preventDefault();
  });
}
