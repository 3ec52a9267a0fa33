/** Test projects: each names what it may touch; see CONTRIBUTING.md. */
import { defineConfig } from 'vitest/config';

/** One project per directory under test/, so that a project's name says what its tests may touch. */
const project = (name: string, testTimeoutMs: number, overrides = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: testTimeoutMs,
    hookTimeout: testTimeoutMs,
    // A host may stall for seconds, and vitest's own limit is one.
    expect: { poll: { timeout: Math.min(30_000, 0.8 * testTimeoutMs) } },
    ...overrides,
  },
});

/** Real QEMUs share two cores: one test file at a time, or they measure each other. */
const serial = { fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      project('unit', 10_000),
      project('replay', 20_000),
      project('integration', 600_000, serial),
      project('browser', 120_000, serial),
      project('long', 4 * 3_600_000, serial),
    ],
  },
});
