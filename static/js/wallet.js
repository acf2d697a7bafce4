/* Signs forms with a wallet.
 *
 * Any <form data-sign-url="…"> is signed when it is submitted: its fields go by POST to that URL,
 * which answers {typedData, nonce, expiresAt, address}; the wallet at that address signs the typed
 * data (EIP-712); the hidden fields signature, nonce and expires_at are filled; the form goes out.
 *
 * The wallet is the browser's own (EIP-1193, window.ethereum). On a development machine, where the
 * page says <meta name="dev-wallet-url">, the local node may sign instead, and the form says so.
 */
(function () {
  "use strict";

  var USER_DECLINED = 4001;
  var CHAIN_NOT_ADDED = 4902;

  var devWalletUrl = metaContent("dev-wallet-url");

  window.paimonWallet = { sign: sign };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", prepareForms);
  } else {
    prepareForms();
  }

  // -- Forms ------------------------------------------------------------------------------------

  function prepareForms() {
    document.querySelectorAll("form[data-sign-url]").forEach(function (form) {
      describeWallet(form);
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        signAndSend(form, event.submitter);
      });
    });
  }

  async function signAndSend(form, submitter) {
    if (form.dataset.signing === "yes") {
      return;
    }
    form.dataset.signing = "yes";
    try {
      say(form, "Asking the back-office what there is to sign …");
      var fields = fieldsOf(form, submitter);
      lock(form, true);
      var asked = await askForPayload(form.dataset.signUrl, fields);
      say(form, "Your wallet shows what you are about to sign. Compare, then confirm there.");
      var signature = await sign(asked.typedData, {
        address: asked.address,
        development: usesDevelopmentWallet(form),
      });
      fill(form, "signature", signature);
      fill(form, "nonce", asked.nonce);
      fill(form, "expires_at", asked.expiresAt);
      if (submitter && submitter.name) {
        fill(form, submitter.name, submitter.value);
      }
      say(form, "Signed. Sending …");
      lock(form, false);
      HTMLFormElement.prototype.submit.call(form);
    } catch (error) {
      lock(form, false);
      delete form.dataset.signing;
      say(form, inWords(error), true);
      if (submitter) {
        submitter.focus();
      }
    }
  }

  function fieldsOf(form, submitter) {
    var fields = new FormData(form);
    ["signature", "nonce", "expires_at"].forEach(function (name) {
      fields.delete(name);
    });
    if (submitter && submitter.name) {
      fields.set(submitter.name, submitter.value);
    }
    return fields;
  }

  async function askForPayload(url, fields) {
    var response;
    try {
      response = await fetch(url, {
        method: "POST",
        body: new URLSearchParams(fields),
        credentials: "same-origin",
        headers: {
          "X-CSRFToken": fields.get("csrfmiddlewaretoken") || "",
          "X-Requested-With": "XMLHttpRequest",
          Accept: "application/json",
        },
      });
    } catch (error) {
      throw new Error("The back-office does not answer. Nothing was sent; try again.");
    }
    var answer = await response.json().catch(function () {
      return null;
    });
    if (!response.ok || !answer || !answer.typedData) {
      throw new Error(refusalOf(answer, response));
    }
    return answer;
  }

  function refusalOf(answer, response) {
    var error = answer && answer.error;
    if (error && typeof error === "object" && error.message) {
      return error.message;
    }
    if (typeof error === "string") {
      return error;
    }
    if (response.redirected || response.status === 401) {
      return "You are signed out. Sign in in another tab, then try again here.";
    }
    if (response.status === 403) {
      return "You may not do this, or the page is too old. Reload it.";
    }
    return "The back-office refused (" + response.status + "). Reload the page and try again.";
  }

  function fill(form, name, value) {
    var input = form.querySelector('input[type="hidden"][name="' + name + '"]');
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      form.appendChild(input);
    }
    input.value = value;
  }

  // What was signed must be what is sent, so nothing can be edited in between.
  function lock(form, locked) {
    form.inert = locked;
    form.setAttribute("aria-busy", locked ? "true" : "false");
  }

  function say(form, words, isError) {
    var region = statusOf(form);
    region.textContent = words;
    region.classList.toggle("wallet-error", Boolean(isError));
  }

  // Outside the form, because an inert form is silent.
  function statusOf(form) {
    var region = form.nextElementSibling;
    if (!region || !region.classList.contains("wallet-status")) {
      region = document.createElement("p");
      region.className = "wallet-status mt-3";
      region.setAttribute("role", "status");
      region.setAttribute("aria-live", "assertive");
      form.insertAdjacentElement("afterend", region);
    }
    return region;
  }

  // -- Development wallet -------------------------------------------------------------------------

  function describeWallet(form) {
    statusOf(form);
    if (!devWalletUrl) {
      return;
    }
    var box = document.createElement("div");
    box.className =
      "wallet-development border border-dashed border-orange-500 rounded-default mt-3 p-3";
    var label = document.createElement("strong");
    label.textContent = "Development wallet. ";
    box.appendChild(label);
    box.appendChild(
      document.createTextNode(
        "The local test node signs for you, without asking. Never so in production."
      )
    );
    if (window.ethereum) {
      box.appendChild(choice());
    }
    form.appendChild(box);
  }

  function choice() {
    var label = document.createElement("label");
    label.className = "flex items-center gap-2 mt-2";
    var input = document.createElement("input");
    input.type = "checkbox";
    input.dataset.browserWallet = "yes";
    label.appendChild(input);
    label.appendChild(document.createTextNode("Use the wallet of this browser instead"));
    return label;
  }

  function usesDevelopmentWallet(form) {
    var own = form.querySelector("input[data-browser-wallet]");
    return Boolean(devWalletUrl) && !(own && own.checked);
  }

  function developmentProvider() {
    var id = 0;
    return {
      request: async function (call) {
        id += 1;
        var response;
        try {
          response = await fetch(devWalletUrl, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({
              jsonrpc: "2.0",
              id: id,
              method: call.method === "eth_requestAccounts" ? "eth_accounts" : call.method,
              params: call.params || [],
            }),
          });
        } catch (error) {
          throw new Error("The local test node, which is the development wallet, does not answer.");
        }
        var answer = await response.json();
        if (answer.error) {
          throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
        }
        return answer.result;
      },
    };
  }

  // -- Signing ------------------------------------------------------------------------------------

  /** Have typed data signed by the wallet at options.address; resolves to the signature. */
  async function sign(typedData, options) {
    var wanted = options || {};
    var development =
      wanted.development === undefined ? Boolean(devWalletUrl) : wanted.development;
    var provider = development ? developmentProvider() : window.ethereum;
    if (!provider) {
      throw new Error(
        "No wallet found in this browser. Install or unlock one (MetaMask, Rabby …), then reload."
      );
    }
    var accounts = await provider.request({ method: "eth_requestAccounts" });
    var address = chosenAccount(accounts, wanted.address, development);
    if (!development) {
      await useChain(provider, typedData.domain && typedData.domain.chainId);
    }
    var signature = await provider.request({
      method: "eth_signTypedData_v4",
      params: [address, JSON.stringify(typedData)],
    });
    return withUsualV(signature);
  }

  function chosenAccount(accounts, wanted, development) {
    if (!accounts || accounts.length === 0) {
      throw new Error("Your wallet shares no account with this page. Unlock it and connect one.");
    }
    if (!wanted) {
      return accounts[0];
    }
    var found = accounts.find(function (account) {
      return account.toLowerCase() === wanted.toLowerCase();
    });
    if (!found) {
      throw new Error(
        development
          ? "The local test node does not hold your registered wallet " + short(wanted) + "."
          : "Your wallet shows " + short(accounts[0]) + ", but " + short(wanted) +
            " is registered to you. Switch the account in your wallet, then try again."
      );
    }
    return found;
  }

  async function useChain(provider, chainId) {
    if (!chainId) {
      return;
    }
    var wanted = "0x" + BigInt(chainId).toString(16);
    var current = await provider.request({ method: "eth_chainId" });
    if (BigInt(current) === BigInt(chainId)) {
      return;
    }
    try {
      await provider.request({
        method: "wallet_switchEthereumChain",
        params: [{ chainId: wanted }],
      });
    } catch (error) {
      if (error.code === CHAIN_NOT_ADDED) {
        throw new Error("Your wallet does not know chain " + chainId + ". Add it there first.");
      }
      throw error;
    }
  }

  // Some hardware wallets end a signature with 0 or 1 where 27 or 28 is meant.
  function withUsualV(signature) {
    var v = parseInt(signature.slice(-2), 16);
    return v < 27 ? signature.slice(0, -2) + (v + 27).toString(16) : signature;
  }

  // -- Words --------------------------------------------------------------------------------------

  function inWords(error) {
    if (error && error.code === USER_DECLINED) {
      return "You declined in your wallet. Nothing was signed and nothing was sent.";
    }
    if (error && error.code === -32002) {
      return "Your wallet has a question open already. Answer it there, then try again.";
    }
    return (error && error.message) || "The wallet failed without saying why. Nothing was sent.";
  }

  function short(address) {
    return address.slice(0, 6) + "…" + address.slice(-4);
  }

  function metaContent(name) {
    var meta = document.querySelector('meta[name="' + name + '"]');
    return meta ? meta.content : "";
  }
})();
