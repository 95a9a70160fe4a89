// A server that takes everything and answers at once, in a process of its own: what a bench of
// forwarding delivers to. It prints its port, and ends with its parent.
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
