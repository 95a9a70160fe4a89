// The names of the system's users. Bun's `os.userInfo()` reads only environment variables (1.4.5).
import { faultCode } from "./fault";
import { readConfigFile } from "./file";

/** A list that is longer has another source, such as LDAP, for most of its users. */
const MAX_BYTES = 1_048_576;

/** The name of a user's account; `undefined` if it has none, as in containers, or is not in the system's own list. */
export function userNameOf(userId: number | undefined): string | undefined {
  try {
    const users = readConfigFile("/etc/passwd", MAX_BYTES) ?? "";
    return new RegExp(`^([^:\\n]+):[^:\\n]*:${userId}:`, "m").exec(users)?.[1];
  } catch (error) {
    faultCode(error); // No list, no names.
    return undefined;
  }
}

/** A user in words: `user anna`, or `user 1000` without a name. */
export function describeUser(userId: number): string {
  return `user ${userNameOf(userId) ?? userId}`;
}
