import { expect, test } from "bun:test";
import { describeUser, userNameOf } from "../../../lib/os/user-name";
import { USER } from "../../support/users";

test("a user has the name of its account", () => {
  expect(userNameOf(0)).toBe("root");
  expect(describeUser(0)).toBe("user root");
});

test("a user without an account has its number", () => {
  expect(userNameOf(USER)).toBeUndefined();
  expect(describeUser(USER)).toBe(`user ${USER}`);
});
