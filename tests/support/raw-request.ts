// Questions to a server, byte for byte.
import { connect } from "node:net";

/** Sends lines of HTTP as they are, and returns the answer as it is. */
export function rawRequest(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`${[...lines, "connection: close", "", ""].join("\r\n")}`);
    });
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
