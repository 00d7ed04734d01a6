/** What component tests stand on: a part of the console by itself, in front of an API of answers. */

import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import { stringify } from "./api/json";
import { chooseLanguage, type Language, startLanguage } from "./app/i18n";

// A busy machine takes its time.
configure({ asyncUtilTimeout: 30_000 });

/** A request that was made: `POST /api/v1/…` and its body. */
export interface Asked {
  call: string;
  body: unknown;
}

interface Stage {
  /** What the API answers to a call such as `GET /api/v1/account`; anything else is 404. */
  answers?: Record<string, unknown>;
  language?: Language;
}

/** Shows a part of the console in a language; tells what it asks the API for. */
export async function show(part: ReactNode, { answers = {}, language = "en" }: Stage = {}) {
  cleanup();
  notifications.clean();
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    const call = `${request.method} ${pathname}`;
    const text = await request.text();
    asked.push({ call, body: text ? (JSON.parse(text) as unknown) : null });
    const answer = answers[call];
    if (answer !== undefined) return new Response(stringify(answer));
    const missing = { code: 404, name: "NOT FOUND", message: `no answer to ${call}` };
    return new Response(stringify(missing), { status: 404 });
  });
  await startLanguage();
  await chooseLanguage(language);
  const queries = new QueryClient({
    defaultOptions: { queries: { retry: false, queryKeyHashFn: stringify } },
  });
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={queries}>
        <MemoryRouter>
          <Notifications />
          {part}
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { asked, user: userEvent.setup({ delay: null }) };
}
