/* Runs first: says that scripts work, and keeps style elements that libraries create empty. Nothing here needs what they
   would hold, and the content security policy lets empty ones through alone; rules added by script still count. */
(function () {
  "use strict";
  const create = document.createElement;
  document.documentElement.classList.add("js");
  document.createElement = function (name, options) {
    const element = create.call(document, name, options);
    if (String(name).toLowerCase() !== "style") return element;
    element.appendChild = (child) => child;
    for (const text of ["textContent", "innerHTML"]) Object.defineProperty(element, text, { get: () => "", set: () => {} });
    return element;
  };
})();
