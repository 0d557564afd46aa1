import { defineConfig } from "vitest/config";

/** `npm run test:e2e`: the story against a real API server. Not part of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: ["test/e2e/global-setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
