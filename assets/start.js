/* Runs first: says that scripts work, and lends the page's nonce to the style elements that Dash and Plotly create, so
   that the content security policy can refuse all others. */
(function () {
  "use strict";
  const nonce = document.currentScript.dataset.styleNonce;
  const create = document.createElement;
  document.documentElement.classList.add("js");
  document.createElement = function (name, options) {
    const element = create.call(document, name, options);
    if (String(name).toLowerCase() === "style") element.setAttribute("nonce", nonce);
    return element;
  };
})();
