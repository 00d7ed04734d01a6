import i18n from "i18next";
import createClient from "openapi-fetch";
import { parse, stringify } from "./json";
import type { paths } from "./schema";

/** One fault of a request: where, as a path such as `webhookUrl`, and what is wrong there. */
export interface Fault {
  path: string;
  /** In English; `worded` tells the code in the user's language. */
  message: string;
  code?: string;
  params?: Record<string, string | number>;
}

/** What the API answers instead of success; code 0 when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    override readonly name: string,
    message: string,
    readonly details?: unknown,
    readonly status = 0,
  ) {
    super(message);
  }

  /** The faults of single fields, as code 1 lists them. */
  get faults(): Fault[] {
    return Array.isArray(this.details) ? this.details.filter(isFault) : [];
  }

  get isSignedOut(): boolean {
    return this.code === INVALID_TOKEN;
  }
}

export const INVALID_TOKEN = 900;
const UNREACHABLE = "UNREACHABLE";

/** The typed client of our REST API; the session's cookie goes along by itself. */
export const api = createClient<paths>({
  baseUrl: "",
  bodySerializer: (body: unknown) => stringify(body),
  fetch: async (request) => {
    // What people read of apps comes in the language of the console.
    if (i18n.language) request.headers.set("Accept-Language", i18n.language);
    return exact(await fetch(request));
  },
});

/** An answer whose JSON is read without rounding its numbers. */
async function exact(answer: Response): Promise<Response> {
  if (!answer.ok || answer.status === 204) return answer;
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  // The client asks the answer for its JSON only where it tells its length.
  headers.set("Content-Length", String(text.length));
  const read = new Response(text, { status: answer.status, headers });
  read.json = () => Promise.resolve(parse(text));
  return read;
}

/** The data of an answer; throws `ApiError` for any other, and when there is none. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let answer;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, UNREACHABLE, "The server cannot be reached. Try again in a moment.");
  }
  if (answer.response.ok) return answer.data as T;
  throw apiError(answer.error, answer.response.status);
}

function apiError(body: unknown, status: number): ApiError {
  if (typeof body === "object" && body !== null && "code" in body && "message" in body) {
    const { code, name, message, details } = body as Record<string, unknown>;
    return new ApiError(Number(code), String(name), String(message), details, status);
  }
  // A proxy in between answers in words of its own.
  return new ApiError(0, UNREACHABLE, `The server answered ${status}. Try again.`, body, status);
}

function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "path" in value && "message" in value;
}
