"use strict";
// The page is whole without this. It fetches the page again and puts in what has changed,
// keeps the token for the tab, and spares a reload where something is changed.
(() => {
  const EVERY = 5000;
  const store = {
    get: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value); } catch { /* not kept */ } },
  };
  const field = document.querySelector("#act [name=token], #door [name=token]");
  const main = document.getElementById("live");

  if (!main) { // asked for the token: the tab may still know it
    const form = document.getElementById("door");
    const known = store.get("token");
    if (form.dataset.wrong) store.set("token", null);
    else if (known) { field.value = known; form.requestSubmit(); return; }
    form.addEventListener("submit", () => store.set("token", field.value.trim()));
    return;
  }
  if (field.value) store.set("token", field.value);
  else if (store.get("token")) field.value = store.get("token");
  field.addEventListener("change", () => store.set("token", field.value.trim() || null));
  for (const hidden of document.querySelectorAll("#nav [name=token]")) hidden.value = field.value;

  let live = store.get("live") !== "no";
  let target = location.pathname + location.search;
  let pressed = false;
  let refreshing = null;
  let last = Promise.resolve();
  const asked = new Set();

  const headers = () => {
    const list = { Accept: "text/html" };
    if (field.value) list.Authorization = "Bearer " + field.value.trim();
    return list;
  };

  // Few things have an id: the others are known by what they stand in and what they ask for.
  const like = (place, e) => [...place.querySelectorAll(e.localName)].filter((x) => x.name === e.name && x.value === e.value);

  // Puts the focus back: where its thing has gone, on what that stood in.
  const keepFocus = () => {
    const e = document.activeElement;
    if (!e || !main.contains(e)) return () => {};
    const places = [];
    for (let p = e.closest("[id]"); p; p = p.parentElement.closest("[id]")) places.push(p.id);
    const nth = e.id ? -1 : like(e.closest("[id]"), e).indexOf(e);
    return () => {
      const place = places.map((id) => document.getElementById(id)).find(Boolean);
      const to = (place.id === places[0] && like(place, e)[nth]) || place;
      if (to.tabIndex < 0) to.tabIndex = -1;
      to.focus({ preventScroll: true });
    };
  };

  // What is open stays open, and what is being used stays as it is.
  const replace = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    if (!fresh) return false;
    for (const details of main.querySelectorAll("details[id][open]")) {
      const same = fresh.querySelector("#" + CSS.escape(details.id));
      if (same) same.open = true;
    }
    const refocus = keepFocus();
    main.replaceChildren(...fresh.childNodes);
    addSwitch();
    refocus();
    return true;
  };

  const stale = (words) => {
    const place = document.getElementById("asof");
    if (place) place.textContent = words;
  };

  const load = async (request) => {
    try {
      const answer = await fetch(request.url, { ...request, headers: { ...headers(), ...request.headers }, redirect: "error", cache: "no-store" });
      const text = await answer.text();
      if (request.signal && (request.signal.aborted || pressed)) return;
      if (!replace(text)) stale(answer.status === 401 ? "The token is missing or wrong." : "The relay answers " + answer.status + ".");
    } catch {
      if (!request.signal?.aborted) stale("The relay does not answer. This is how it was.");
    }
  };

  // One after the other, each once; a refresh gives way, as it tells of before.
  const ask = (request) => {
    const key = request.url + " " + request.body;
    if (asked.has(key)) return last;
    asked.add(key);
    refreshing?.abort();
    last = last.then(() => load(request)).finally(() => asked.delete(key));
    return last;
  };

  const refresh = async () => {
    if (refreshing || asked.size || pressed) return;
    refreshing = new AbortController();
    await load({ url: target, signal: refreshing.signal });
    refreshing = null;
  };

  // Nothing is replaced under a finger: its click would be nobody's.
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => { pressed = true; });
  for (const name of ["pointerup", "pointercancel", "contextmenu", "keyup", "blur"])
    addEventListener(name, () => setTimeout(() => { pressed = false; }));

  function addSwitch() {
    const place = document.getElementById("asof");
    const button = document.createElement("button");
    button.type = "button";
    button.id = "liveswitch";
    button.className = "link small";
    button.textContent = live ? "pause updates" : "resume updates";
    button.addEventListener("click", () => {
      live = !live;
      store.set("live", live ? null : "no");
      button.textContent = live ? "pause updates" : "resume updates";
    });
    place?.after(button);
  }

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    const data = new URLSearchParams(new FormData(form, submitter));
    event.preventDefault();
    data.delete("token");
    if (form.id === "nav") {
      target = "/" + (data.size ? "?" + data : "");
      if (form.method === "get") history.replaceState(null, "", target);
      ask({ url: target }).then(() => window.scrollTo({ top: 0 }));
    } else {
      ask({ url: submitter?.getAttribute("formaction") || form.action, method: "POST", body: data.toString(), headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    }
  });

  addSwitch();
  setInterval(() => {
    const at = document.activeElement;
    if (live && !document.hidden && !(at && main.contains(at) && at.tagName === "INPUT") && !String(getSelection())) refresh();
  }, EVERY);
})();
