import tseslint from "typescript-eslint"

export default tseslint.config(
    { ignores: ["dist/**", "node_modules/**", "coverage/**", "**/*.cjs", "**/*.mjs"] },
    { linterOptions: { reportUnusedDisableDirectives: "error" } },
    {
        files: ["{lib,spec,samples}/**/*.ts"],
        plugins: { "@typescript-eslint": tseslint.plugin },
        languageOptions: {
            parser: tseslint.parser,
            parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            "no-debugger": "error",
            "no-var": "error",
            "prefer-const": "error",
            eqeqeq: ["error", "always"],
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
            "@typescript-eslint/only-throw-error": "error",
            "@typescript-eslint/consistent-type-imports": [
                "error",
                { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
            ],
            "@typescript-eslint/no-unnecessary-type-assertion": "error",
        },
    },
    {
        files: ["lib/**/*.ts"],
        rules: {
            "no-console": "error",
            "max-lines": ["error", { max: 400 }],
            "@typescript-eslint/no-explicit-any": "error",
            "@typescript-eslint/no-unsafe-assignment": "error",
            "@typescript-eslint/no-unsafe-call": "error",
            "@typescript-eslint/no-unsafe-member-access": "error",
            "@typescript-eslint/no-unsafe-return": "error",
            "@typescript-eslint/no-unsafe-argument": "error",
            "@typescript-eslint/prefer-promise-reject-errors": "error",
            "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
            "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
            "no-restricted-syntax": [
                "error",
                { selector: "ExportDefaultDeclaration", message: "Exports have names." },
                { selector: "ExportAllDeclaration", message: "An entry names what it exports." },
            ],
        },
    },
)
