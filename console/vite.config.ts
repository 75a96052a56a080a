import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The built files are served by Batchyard itself under /console/, from src/batchyard/server/console_files/.
export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: {
    outDir: "../src/batchyard/server/console_files",
    emptyOutDir: true,
    // data: URLs would need their own leave in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"] },
});
