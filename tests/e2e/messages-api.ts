// A stand-in for the Messages API on loopback, which plays a script. It has no state between requests: the
// prompt (`play NAME`) and the number of answers since select the next part of the script. It keeps every
// request, to show a test what a model would see.

/** A part of an answer: text, the use of a tool, or what the answer is said to have used, in the words of the API. */
export type Block =
  | string
  | { readonly tool: string; readonly input: Record<string, unknown> }
  | { readonly usage: Usage };

/** What an answer used: counts of tokens, and nested objects. */
export interface Usage {
  readonly [key: string]: number | string | Usage;
}

/** The answers to a prompt and then to the results of its tools, turn by turn. */
export type Script = readonly (readonly Block[])[];

/** A stand-in that listens until it is disposed of (`using`). */
export interface MessagesApi extends Disposable {
  readonly url: string;
  /** The bodies of the requests so far, as JSON text. */
  readonly requests: readonly string[];
  /** The API keys that came with them. */
  readonly keys: ReadonlySet<string | null>;
  /** Requests for anything but the Messages API, as `METHOD path`. */
  readonly strays: readonly string[];
}

/** Starts a stand-in on a free port of 127.0.0.1. */
export function serveMessages(scripts: Readonly<Record<string, Script>>): MessagesApi {
  const requests: string[] = [];
  const strays: string[] = [];
  const keys = new Set<string | null>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body = await request.text();
      if (request.method !== "POST" || !pathname.endsWith("/v1/messages")) {
        strays.push(`${request.method} ${pathname}`);
        return Response.json({ input_tokens: 1 });
      }
      requests.push(body);
      keys.add(request.headers.get("x-api-key"));
      const { messages, model, stream } = JSON.parse(body) as MessagesRequest;
      const message = answerTo(messages, model, requests.length, scripts);
      if (stream === true) return streamed(message);
      return Response.json(message, { headers: { "request-id": `req_${crypto.randomUUID()}` } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    keys,
    strays,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

interface MessagesRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly stream?: boolean;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

type Content =
  | { type: "text"; text: string }
  | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> };

interface Answer {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: Content[];
  readonly stop_reason: "tool_use" | "end_turn";
  readonly stop_sequence: null;
  readonly usage: Usage;
}

function answerTo(
  messages: readonly Message[],
  model: string,
  number: number,
  scripts: Readonly<Record<string, Script>>,
): Answer {
  const asked = messages.findLastIndex((message) => scriptNamedBy(message) !== undefined);
  const name = scriptNamedBy(messages[asked]) ?? "";
  const turn = messages.slice(asked + 1).filter(({ role }) => role === "assistant").length;
  const blocks = scripts[name]?.[turn] ?? ["Done."];
  let usage: Usage = { input_tokens: 1000, output_tokens: 10 };
  const content = blocks.flatMap((block, at): Content[] => {
    if (typeof block === "string") return [{ type: "text", text: block }];
    if ("usage" in block) {
      ({ usage } = block);
      return [];
    }
    const id = `toolu_${number}_${at}_${crypto.randomUUID().slice(0, 8)}`;
    return [{ type: "tool_use", id, name: block.tool, input: block.input }];
  });
  return {
    id: `msg_${crypto.randomUUID()}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage,
  };
}

/** The name in a prompt, among reminders of the client and results of tools. */
function scriptNamedBy(message: Message | undefined): string | undefined {
  if (message?.role !== "user") return undefined;
  const { content } = message;
  const texts = typeof content === "string" ? [content] : content.map(({ text = "" }) => text);
  return texts.map((text) => /^\s*play ([\w-]+)/.exec(text)?.[1]).findLast(Boolean);
}

/** An answer as server-sent events, one delta for each block. As with the real API, its output is known only at its end. */
function streamed({ content, stop_reason, ...message }: Answer): Response {
  const usage = { ...message.usage, output_tokens: 1 };
  const events: { type: string; [key: string]: unknown }[] = [
    { type: "message_start", message: { ...message, usage, content: [], stop_reason: null } },
  ];
  for (const [index, block] of content.entries()) {
    const isText = block.type === "text";
    const content_block = isText ? { ...block, text: "" } : { ...block, input: {} };
    const delta = isText
      ? { type: "text_delta", text: block.text }
      : { type: "input_json_delta", partial_json: JSON.stringify(block.input) };
    events.push(
      { type: "content_block_start", index, content_block },
      { type: "content_block_delta", index, delta },
      { type: "content_block_stop", index },
    );
  }
  events.push(
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: message.usage },
    { type: "message_stop" },
  );
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return new Response(text.join(""), {
    headers: { "content-type": "text/event-stream", "request-id": `req_${crypto.randomUUID()}` },
  });
}
