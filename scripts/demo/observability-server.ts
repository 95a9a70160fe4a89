// A small observability server that the demo kills and restarts: it numbers each event of `POST /events` and
// keeps it in a file.
//
// usage: bun scripts/demo/observability-server.ts PORT FILE      prints its port; PORT 0 takes a free one
import { appendFileSync, existsSync, readFileSync } from "node:fs";

const [, , port, file = ""] = process.argv;
let count = existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  async fetch(request) {
    const { pathname } = new URL(request.url);
    // Such servers answer every other request like this.
    if (request.method !== "POST" || pathname !== "/events")
      return new Response("Multi-Agent Observability Server");
    const event = (await request.json()) as Record<string, unknown>;
    for (const field of ["source_app", "session_id", "hook_event_type", "payload"])
      if (event[field] === undefined) return Response.json({ error: field }, { status: 400 });
    appendFileSync(file, `${JSON.stringify(event)}\n`);
    return Response.json({ ...event, id: ++count });
  },
});
console.log(server.port);
