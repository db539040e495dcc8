/* The rules of the browser's scripts: sizes as ruff asks of Python, and what goes wrong silently. Types are checked by tsc. */
import js from "@eslint/js";

const sizes = {
  "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
  "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
  "max-params": ["error", 7],
  "max-depth": ["error", 4],
  complexity: ["error", 15], // each ?., ?? and default counts
};

export default [
  { ignores: ["**/vendor/", "**/built/", "var/", ".venv/"] },
  js.configs.recommended,
  {
    files: ["webmap/static/src/**/*.js", "tests/javascript/**/*.js", "eslint.config.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    rules: {
      ...sizes,
      "no-undef": "off", // tsc knows more of names
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "Text is always text: use element() of lib/texts.js.",
        })),
      ],
    },
  },
  { files: ["tests/javascript/**/*.js"], rules: { "max-lines-per-function": "off" } },
];
