// A server that takes every request and keeps nothing, in its own process: the target of the bench of
// forwarding. It prints its port, and ends when its stdin does.
//
// usage: bun scripts/bench/discard-server.ts
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    await request.arrayBuffer();
    return Response.json({ id: 1 });
  },
});
console.log(server.port);
await Bun.stdin.text();
process.exit();
