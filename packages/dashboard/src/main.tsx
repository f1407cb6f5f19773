import { TrackerError } from "@atelier/tracker/model";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "virtual:theme.css";
import "./styles/base.css";
import { createAppRouter } from "./router.tsx";
import { applyChosenTheme } from "./shell/theme.ts";

applyChosenTheme();

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // The server's "no" will not turn into a "yes"; a server that does not answer may be starting.
      retry: (count, error) => count < 2 && error instanceof TrackerError && error.code === "unreachable",
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={createAppRouter()} />
    </QueryClientProvider>
  </StrictMode>,
);
