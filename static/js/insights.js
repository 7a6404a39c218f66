// The script of documentation sites: counts what is read, searched, rated and asked there. docs/script.md tells how.
// Served at /insights.js as insights.min.js, which `make script` makes of this file: below 3 kB, gzipped.
// It sets no cookie (but the one by which somebody asks not to be counted), asks no other host, and reads of what people type only searches, questions and comments.

(() => {
  const SESSION = 30 * 60e3; // a session ends half an hour after its last event
  const WINDOW = 270e3; // the server takes events of the last 5 minutes; half a minute is left for the way
  const FRESH = 5e3; // younger events carry no time: the server's clock is right, the reader's may not be
  const SETTLE = 300; // after this a page that a script has put there has its headings and marks
  const GATHER = 500; // events of one moment go in one request
  const PAUSE = 1000; // who stops typing has finished a query
  const AGAIN = 10e3; // what could not be sent is tried again
  const OUT = "insights-opt-out"; // parameter of an address, and the cookie that it sets: "do not count me"
  const MOST = 20; // events a request
  const SMALL = 2e4; // characters, of at most 3 bytes: browsers send 64 kB for a page that ends, and refuse what is more

  // Known marks of Material for MkDocs, Docusaurus (DocSearch), VitePress, Starlight (Pagefind), Sphinx and Docsy.
  const SEARCH =
    "[data-insights-search],[type=search],[role=search] input,.md-search__input,.DocSearch-Input,.pagefind-ui__search-input";
  const RESULTS =
    "[data-insights-results],.md-search-result,.DocSearch-Hits,.VPLocalSearchBox .results,.pagefind-ui__results,#search-results";
  const NOT_FOUND = ".NotFound,.td-404";
  const POSITIONS = {
    announcement: ".md-banner,.theme-announcement-bar",
    content: "article",
    header: "header,[role=banner]",
    footer: "footer,[role=contentinfo]",
    sidebar: "nav,aside,[role=navigation],[role=complementary]",
  };

  const script = document.currentScript || document.querySelector("script[data-org][data-site]");
  const option = (name) => script.getAttribute("data-" + name);
  const told = (name) => document.querySelector(`meta[name="insights:${name}"]`)?.content || option(name);
  const parameter = (name) => new URLSearchParams(location.search).get(name);
  const address = new URL(
    `v1/orgs/${option("org")}/sites/${option("site")}/insights/events`,
    option("endpoint") || script.src,
  );

  let ids = {};
  let identified = {};
  let queue = [];
  let departures = 0;
  let place, referrer, path, stood, moved, typed, arriving, sending, typing, field, query, opened, asked, rating;

  const store = () => ({ none: () => ({}), session: () => sessionStorage })[option("storage")]?.() || localStorage;
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(36)).join("");
  const visit = () => {
    const now = Date.now();
    try {
      ids = JSON.parse(store()["insights:ids"]) || ids;
    } catch {} // nothing is kept, or nothing may be kept: then the ids last as long as the page
    ids.v ||= random();
    if (!(now - ids.t < SESSION)) ids.s = random();
    ids.t = now;
    try {
      store()["insights:ids"] = JSON.stringify(ids);
    } catch {}
  };

  const claims = () => {
    try {
      return { ...JSON.parse(told("claims")), ...identified };
    } catch {
      return identified;
    }
  };

  const clean = (pathname) => pathname.replace(/\/(index\.html?)?$/, "").slice(0, 256) || "/";

  const missing = () => {
    const mark = document.querySelector('meta[name="insights:not-found"]');
    if (mark) return mark.content != "false";
    if (document.querySelector(NOT_FOUND)) return true;
    // The browser knows the status of the page it loaded, not of those that a script put there since.
    const status = !referrer && performance.getEntriesByType("navigation")[0]?.responseStatus;
    const heading = document.querySelector("h1")?.textContent;
    return status ? status == 404 : /^\W*(404|(404\W+)?(page )?not found)\W*$/i.test(heading);
  };

  const locate = () => ({
    url: location.href.slice(0, 2048),
    displayContext: "site",
    siteSection: told("section"),
    siteSpace: told("site-space"),
    siteShareKey: told("share-key"),
    space: told("space"),
    revision: told("revision"),
    page: missing() ? null : told("page") || clean(location.pathname),
  });

  const post = (batch, ending, timeless) => {
    const now = Date.now();
    const events = batch.map(([at, event]) =>
      timeless || now - at < FRESH ? event : { ...event, timestamp: new Date(at).toISOString() },
    );
    const body = JSON.stringify({ events }); // sent as text, so that the browser need not ask first
    const small = body.length < SMALL;
    if (ending && !small && batch[1]) return post(batch.splice(0, batch.length / 2), 1), post(batch, 1);
    if (ending && navigator.onLine && navigator.sendBeacon(address, body)) return;
    const before = departures;
    const wait = () => {
      if (before != departures) return; // the page was left: what was under way still arrives, though its answer does not
      queue = [...batch, ...queue];
      sending ||= setTimeout(send, AGAIN);
    };
    fetch(address, { method: "POST", body, keepalive: small, credentials: "omit" }).then(({ status }) => {
      if (status == 429 || status > 499) wait();
      // One bad event must not cost the others, nor a clock that is wrong all of them.
      else if (status == 422 && !timeless && (batch[1] || events[0].timestamp)) batch.map((each) => post([each], 0, 1));
    }, wait);
  };

  const send = (ending) => {
    clearTimeout(sending);
    sending = 0;
    queue = queue.filter(([at]) => Date.now() - at < WINDOW);
    while (queue[0]) post(queue.splice(0, MOST), ending);
  };

  const track = (type, fields) => {
    if (arriving || !place) arrive();
    visit();
    const session = {
      visitorId: ids.v,
      sessionId: ids.s,
      userAgent: navigator.userAgent,
      language: navigator.language,
      referrer: place.referrer,
      cookies: {},
      visitorAuthClaims: claims(),
    };
    queue.push([Date.now(), { ...fields, type, session, location: place.location }]);
    sending ||= setTimeout(send, GATHER);
  };

  const arrive = () => {
    clearTimeout(arriving);
    arriving = 0;
    path = stood = location.pathname;
    place = { location: locate(), referrer: (referrer ?? document.referrer).slice(0, 2048) };
    referrer = location.href;
    track("page_view");
  };

  const look = () => {
    if (path == location.pathname) return;
    settle();
    path = location.pathname;
    moved = window.event;
    typed = query;
    query = rating = opened = 0;
    clearTimeout(arriving);
    arriving = setTimeout(arrive, SETTLE);
  };

  // What is typed counts when it rests or is used.
  const settle = () => {
    clearTimeout(typing);
    const text = field?.value.trim().slice(0, 512);
    field = null;
    if (text && text != query) track("search_type_query", { query: (query = text) });
  };

  const leave = () => {
    settle();
    if (arriving) arrive();
    send(1);
  };

  const on = (element, name) => element.closest(`[data-insights-${name}]`)?.getAttribute("data-insights-" + name);

  const open = (link) => {
    settle();
    const recordId = link.origin == location.origin ? clean(link.pathname) : link.href.slice(0, 2048);
    track("search_open_result", { query: query || parameter("q") || "", result: { recordId } });
  };

  const follow = (link) => {
    const { origin, pathname, hash, href } = link;
    const here = origin == location.origin;
    const same = here && pathname == (arriving ? location.pathname : stood);
    if (same && !hash) return;
    const target = !here
      ? { kind: "url", url: href.slice(0, 2048) }
      : same
        ? { kind: "anchor", anchor: hash.slice(1) }
        : { kind: "page", page: clean(pathname) };
    const position =
      on(link, "position") || Object.keys(POSITIONS).find((name) => link.closest(POSITIONS[name])) || "content";
    track("link_click", { link: { target, position } });
  };

  const operation = (text, [method, path] = text.split(" ")) => ({ operation: { method: method.toLowerCase(), path } });

  const rate = (value) => track("page_post_feedback", { feedback: { rating: (rating = value) } });

  const CLICKS = {
    rating: rate,
    markdown: () => track("page_markdown_request", { markdownSource: "page-action" }),
    "api-open": (value) => track("api_client_open", operation(value)),
    "api-request": (value) => track("api_client_request", operation(value)),
    "ask-open": () => track("ask_view"),
    "ask-rating": (value, element) =>
      track("ask_rate_response", { query: asked || "", rating: +value, responseId: on(element, "response") || "" }),
  };

  const listen = (type, handle) =>
    addEventListener(
      type,
      (event) => {
        const element = event.composedPath()[0];
        // A router that heard of this event first has left the page on which it still happened.
        const left = place && moved == event && arriving;
        if (left) [arriving, query] = [0, typed];
        if (element.closest) handle(element, event);
        if (left) [arriving, query] = [left, 0];
      },
      true,
    );

  const click = (element, { button }) => {
    if (button > 1) return;
    const link = element.closest("a[href]");
    if (link?.protocol && link.protocol != "javascript:") (link.closest(RESULTS) ? open : follow)(link);
    for (const name in CLICKS) {
      const value = on(element, name);
      if (value != null) CLICKS[name](value, element);
    }
    const known = element.closest(".md-feedback__icon")?.getAttribute("data-md-value");
    if (known) rate(known > 0 ? "good" : "bad");
  };

  const start = () => {
    for (const name of ["pushState", "replaceState"]) {
      const change = history[name];
      history[name] = (...given) => (change.apply(history, given), look());
    }
    addEventListener("popstate", look);
    addEventListener("pageshow", ({ persisted }) => persisted && look((path = 0)));
    addEventListener("online", () => send());
    addEventListener("pagehide", () => (leave(), departures++));
    document.addEventListener("visibilitychange", () => document.hidden && leave());

    listen("click", click);
    listen("auxclick", click);
    listen("focusin", (element) => {
      if (!opened && element.matches(SEARCH) && !element.value) track("search_open", (opened = {}));
    });
    listen("input", (element) => {
      if (!element.matches(SEARCH)) return;
      field = element;
      clearTimeout(typing);
      typing = setTimeout(settle, PAUSE);
    });
    listen("keydown", (element, { key }) => {
      if (key != "Enter" || !element.matches(SEARCH)) return;
      settle();
      // Some follow the chosen result without a click.
      const link = document.querySelector(".DocSearch-Hits [aria-selected=true] a,.VPLocalSearchBox a.selected");
      if (link) open(link);
    });
    listen("submit", (form) => {
      const text = form.querySelector("textarea,[type=text],[type=search],input:not([type])")?.value.trim();
      if (!text) return;
      const comment = on(form, "comment");
      if (comment != null)
        track("page_post_feedback_comment", {
          feedback: { rating: comment || rating || "ok", comment: text.slice(0, 512) },
        });
      if (on(form, "ask") != null) track("ask_question", { query: (asked = text) });
    });
    look();
  };

  if (window.insights?.track) return; // put there twice
  const early = window.insights;
  const api = {
    track,
    identify: (given) => (identified = given || {}),
    push: ([name, ...given]) => api[name](...given),
  };
  const wish = parameter(OUT);
  if (wish) document.cookie = OUT + (wish > 0 ? "=1;max-age=31536000" : "=0;max-age=0") + ";path=/;samesite=lax";
  const out = document.cookie.includes(OUT + "=1");
  if (wish) alert(`This browser is ${out ? "not " : ""}counted here.`);
  const refused = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
  const silent = location.protocol.slice(0, 4) != "http" || out || (refused && option("ignore-dnt") == null);
  if (silent) api.track = () => {};
  window.insights = api;
  early?.forEach?.(api.push);
  if (silent) return;
  if (document.prerendering) document.addEventListener("prerenderingchange", start);
  else if (document.readyState == "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
