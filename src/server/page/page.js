// The bridge's own page: what the bridge is doing, and who asks to be let in. Everything shown is set as text.

const $ = (id) => document.getElementById(id);
const say = (text) => { $("state").textContent = text; };
const KEPT = "sonic-bridge-token";

const bytes = (text) => new TextEncoder().encode(text);
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const raw = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function proof(token, ...parts) {
  const key = await crypto.subtle.importKey("raw", raw(token), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return base64(await crypto.subtle.sign("HMAC", key, bytes(parts.join("|"))));
}

/** The key in the address works once; it does not stay in the address. */
function takeKey() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) history.replaceState(null, "", location.pathname);
  return key;
}

class Bridge {
  #socket; #id = 0; #waiting = new Map(); #hello; onevent = () => {}; onclose = () => {};

  open() {
    this.#socket = new WebSocket(`ws://${location.host}/v1/ws`, "sonic-core.v1.json");
    this.#socket.onmessage = (message) => this.#take(JSON.parse(message.data));
    this.#socket.onclose = (event) => this.onclose(event);
    return new Promise((resolve) => { this.#hello = resolve; });
  }

  #take(message) {
    if (message.method === "HELLO") return this.#hello(message.params);
    if (message.method === "EVT") return this.onevent(message.params);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }

  ask(method, params = {}) {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}

async function identify(bridge, hello, { key_id, token }) {
  const nonce = base64(crypto.getRandomValues(new Uint8Array(32)));
  const parts = [hello.instance_id, hello.nonce, nonce, location.origin];
  const ready = await bridge.ask("IDENTIFY", {
    protocol: 1,
    client: { name: "page of the bridge", version: hello.server.version },
    client_nonce: nonce,
    key_id,
    proof: await proof(token, "c", ...parts),
    events: { classes: ["lifecycle", "scripts"] },
  });
  if (ready.server_proof !== await proof(token, "s", ...parts)) throw new Error("this is not the bridge that was paired");
}

function asked(data) {
  $("origin").textContent = data.origin;
  $("warning").textContent = data.warning;
  $("scopes").textContent = data.scopes.join(", ");
  $("code").textContent = `${data.code.slice(0, 3)} ${data.code.slice(3)}`;
  $("scripts").checked = data.scopes.includes("script.write");
  $("asking").hidden = false;
}

async function status(bridge) {
  try {
    const now = await bridge.ask("GET_STATUS");
    for (const what of ["plugins", "instances", "streams"]) $(what).textContent = now[what] ?? "–";
    const reload = now.reload ?? {};
    $("scripts-state").textContent = reload.error ?? `generation ${reload.generation ?? "–"}`;
  } catch (error) {
    $("scripts-state").textContent = error.message;
  }
}

async function main() {
  const key = takeKey();
  const bridge = new Bridge();
  let timer;
  bridge.onclose = (event) => {
    clearInterval(timer);
    $("asking").hidden = true;
    if (event.code === 4004 || event.code === 4005) sessionStorage.removeItem(KEPT);
    say(`Not connected (${event.code}${event.reason ? `: ${event.reason}` : ""}). Reload this page when the bridge runs.`);
  };
  bridge.onevent = ({ type, data }) => {
    if (type === "PAIRING_ASKED") asked(data);
    if (type === "PAIRING_ENDED") {
      $("asking").hidden = true;
      say(data.paired ? `${data.origin} was let in.` : `${data.origin} was not let in.`);
    }
    if (type.startsWith("PLUGIN") || type.startsWith("SCRIPT")) status(bridge);
  };
  const hello = await bridge.open();
  $("version").textContent = hello.server.version;
  $("os").textContent = hello.server.os;
  let kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (key) {
    kept = await bridge.ask("PAIR", { protocol: 1, client: { name: "page of the bridge", version: hello.server.version }, key });
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }
  if (!kept) return say("Open the address that the bridge printed when it started; it holds the key to this page.");
  await identify(bridge, hello, kept);
  say("Connected.");
  $("refuse").onclick = () => bridge.ask("PAIRING_ANSWER", { refuse: true });
  $("scripts").onchange = (event) => bridge.ask("PAIRING_ANSWER", { scripts: event.target.checked });
  await status(bridge);
  timer = setInterval(() => status(bridge), 2000);
}

main().catch((error) => say(error.message));
