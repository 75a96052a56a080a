import "@cloudscape-design/global-styles/index.css";
import "./console.css";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { isEnded } from "./aws";
import { SignIn } from "./pages/signin/SignIn";
import { setSigned } from "./session";
import { startMode } from "./shell/mode";
import { notify } from "./shell/notifications";
import { Shell } from "./shell/Shell";
import { useSigned } from "./shell/useSigned";

function ended(error: unknown): void {
  if (!isEnded(error)) return;
  setSigned(null);
  notify({ id: "ended", type: "warning", content: "Your session has ended. Sign in again." });
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: ended }),
  mutationCache: new MutationCache({ onError: ended }),
  defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false } },
});

function Console() {
  const session = useSigned();
  return session === null ? <SignIn /> : <Shell key={session.arn} />;
}

startMode();
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <BrowserRouter basename="/console">
        <Console />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
