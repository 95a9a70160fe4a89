import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { findProject, projectAt } from "../../lib/project";
import { Sandbox } from "../../scripts/harness/sandbox";

const here = process.cwd();
afterEach(() => process.chdir(here));

describe("the project of a folder", () => {
  const cases: [string, (root: string) => void, string, string][] = [
    ["is the folder itself if it holds a repository", (root) => git(`${root}/a`), "a", "a"],
    [
      "is the nearest folder upward that holds a repository",
      (root) => git(`${root}/a`),
      "a/b/c",
      "a",
    ],
    [
      "is a worktree, in which .git is a file",
      (root) => {
        git(`${root}/a`);
        mkdirSync(`${root}/a/tree`);
        writeFileSync(`${root}/a/tree/.git`, "gitdir: ../.git/worktrees/tree\n");
      },
      "a/tree/src",
      "a/tree",
    ],
    [
      "is the inner of two repositories",
      (root) => {
        git(`${root}/a`);
        git(`${root}/a/b`);
      },
      "a/b/c",
      "a/b",
    ],
    ["is a folder whose .git is a link", (root) => symlinkSync(root, `${root}/a/.git`), "a/b", "a"],
    [
      "is a folder whose .git is a dangling link",
      (root) => symlinkSync("no", `${root}/a/.git`),
      "a/b",
      "a",
    ],
    ["is the folder itself if there is no repository", () => {}, "a/b", "a/b"],
    [
      "is its repository even if the folder no longer exists",
      (root) => git(`${root}/a`),
      "a/gone/deep",
      "a",
    ],
    [
      "is its repository even if it is a file",
      (root) => (git(`${root}/a`), writeFileSync(`${root}/a/f`, "")),
      "a/f",
      "a",
    ],
  ];
  test.each(cases)("%s", (_, make, start, project) => {
    using sandbox = new Sandbox();
    mkdirSync(`${sandbox.root}/a/b/c`, { recursive: true });
    make(sandbox.root);
    const folder = `${sandbox.root}/${project}`;
    expect(findProject({}, `${sandbox.root}/${start}`)).toEqual({
      name: folder.slice(folder.lastIndexOf("/") + 1),
      folder,
    });
  });

  test("may have a name of 255 bytes, with any characters", () => {
    using sandbox = new Sandbox();
    for (const name of ["n".repeat(255), "line\nbreak", "日本", "a\\b", "-rf", " ", "..."]) {
      git(`${sandbox.root}/${name}`);
      expect(findProject({}, `${sandbox.root}/${name}/src`)).toEqual({
        name,
        folder: `${sandbox.root}/${name}`,
      });
    }
  });
});

describe("the label of a worktree of a bare repository", () => {
  const BARE = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
  const ORDINARY = '[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n';
  const MOVED = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n";

  /** A repository with a worktree whose `.git` names it as given. */
  function labelOf(
    root: string,
    repository: string,
    worktree: string,
    gitdir: string,
    files: Record<string, string> = { config: BARE },
  ) {
    const name = worktree.slice(worktree.lastIndexOf("/") + 1);
    mkdirSync(`${root}/${repository}/worktrees/${name}`, { recursive: true });
    mkdirSync(`${root}/${worktree}`, { recursive: true });
    for (const [file, text] of Object.entries(files))
      writeFileSync(`${root}/${repository}/${file}`, text);
    writeFileSync(`${root}/${worktree}/.git`, `gitdir: ${gitdir}/worktrees/${name}\n`);
    return findProject({}, `${root}/${worktree}`).label;
  }

  test.each([
    ["shop/.bare", "shop/main", "../.bare", "shop/main"],
    ["shop.git", "shop.git/main", "..", "shop/main"],
    ["shop.git", "far/away/main", "../../../shop.git", "shop/main"],
    ["shop/bare.git", "shop/main", "../bare.git", "shop/main"],
    ["shop/bare", "shop/main", "../bare", "shop/main"],
    ["shop/.git", "shop/main", "../.git", "shop/main"],
    ["shop/.git-bare", "shop/main", "./../.git-bare", "shop/main"],
    ["shop.git", "work/shop", "../../shop.git", undefined],
  ])(
    "%s, worktree in %s: by an absolute path, and by %s",
    (repository, worktree, gitdir, label) => {
      using sandbox = new Sandbox();
      const absolute = `${sandbox.root}/${repository}`;
      expect(labelOf(sandbox.root, repository, worktree, absolute)).toBe(label);
      expect(labelOf(sandbox.root, repository, worktree, gitdir)).toBe(label);
    },
  );

  test.each([
    [undefined, "an ordinary repository", { config: ORDINARY }],
    [undefined, "a repository without a config", {}],
    ["shop/main", "a setting without a value", { config: "[core]\n\tbare\n" }],
    ["shop/main", "a config per worktree", { config: MOVED, "config.worktree": BARE }],
    [undefined, "another section's", { config: `${ORDINARY}[other]\n\tbare = true\n` }],
  ])("is %p if .git is of %s", (label, _, files) => {
    using sandbox = new Sandbox();
    expect(labelOf(sandbox.root, "shop/.git", "shop/main", "../.git", files)).toBe(label);
  });

  test("is that of the folder behind a link", () => {
    using sandbox = new Sandbox();
    labelOf(sandbox.root, "shop/.bare", "shop/main", "../.bare");
    symlinkSync(`${sandbox.root}/shop/main`, `${sandbox.root}/current`);
    expect(findProject({}, `${sandbox.root}/current/src`).label).toBe("shop/current");
  });
});

describe("a home that is a repository", () => {
  test.each([
    ["as it is", "", "home"],
    ["with a slash at its end", "", "home/"],
    ["with two slashes", "", "/home"],
    ["by a link", "", "link"],
    ["by its path, where a folder is reached by a link", "link", "home"],
  ])("gives folders in it their own names if HOME is %s", (_, reached, home) => {
    using sandbox = new Sandbox();
    git(sandbox.home);
    symlinkSync(sandbox.home, `${sandbox.root}/link`);
    const env = { HOME: `${sandbox.root}/${home}` };
    const folder = reached === "" ? sandbox.home : `${sandbox.root}/${reached}`;
    expect(findProject(env, `${folder}/notes`).label).toBe("notes");
    expect(findProject(env, folder).label).toBeUndefined();
    git(`${sandbox.home}/shop`);
    expect(findProject(env, `${folder}/shop/src`)).toMatchObject({ name: "shop" });
    expect(findProject(env, `${folder}/shop/src`).label).toBeUndefined();
  });

  test.each(["", "/nowhere", "relative"])("is not one of %j", (home) => {
    using sandbox = new Sandbox();
    git(sandbox.home);
    expect(findProject({ HOME: home }, `${sandbox.home}/notes`).label).toBeUndefined();
  });
});

describe("where the search starts", () => {
  test("at CLAUDE_PROJECT_DIR before the payload's folder", () => {
    using sandbox = new Sandbox();
    git(`${sandbox.root}/other`);
    const env = { CLAUDE_PROJECT_DIR: sandbox.project };
    expect(findProject(env, `${sandbox.root}/other`).folder).toBe(sandbox.project);
    expect(findProject({}, `${sandbox.root}/other`).folder).toBe(`${sandbox.root}/other`);
  });

  test("at the working folder if neither can be used", () => {
    using sandbox = new Sandbox();
    process.chdir(sandbox.project);
    expect(findProject({}, undefined)).toEqual({ name: "shop", folder: sandbox.project });
  });

  test.each([
    ["empty", ""],
    ["relative, which means another folder for each program", "other"],
    ["relative to the same folder", "./other"],
    ["a tilde, which only a shell expands", "~/other"],
    ["a path with a NUL", "/tmp\0/other"],
    ["longer than a path can be", `/${"a/".repeat(3000)}`],
    ["a number", 7],
    ["null", null],
    ["a list", ["/tmp"]],
    ["an object", {}],
  ])("never at one that is %s", (_, start) => {
    using sandbox = new Sandbox();
    git(`${sandbox.root}/other`);
    process.chdir(sandbox.project);
    const expected = { name: "shop", folder: sandbox.project };
    expect(findProject({}, start)).toEqual(expected);
    if (typeof start !== "string") return;
    expect(findProject({ CLAUDE_PROJECT_DIR: start }, undefined)).toEqual(expected);
    expect(findProject({ CLAUDE_PROJECT_DIR: start }, sandbox.project)).toEqual(expected);
  });

  test("nowhere if the working folder no longer exists", () => {
    using sandbox = new Sandbox();
    const gone = `${sandbox.root}/gone`;
    mkdirSync(gone);
    const script = `import { rmdirSync } from "node:fs"; rmdirSync("${gone}");
      const { findProject } = await import("${import.meta.dir}/../../lib/project.ts");
      console.log(JSON.stringify(findProject({}, undefined)));`;
    const child = Bun.spawnSync([process.execPath, "-e", script], {
      env: sandbox.env(),
      cwd: gone,
    });
    // Bun remembers the folder that it started in (1.4.5); what matters is that it does not fail.
    expect([
      { name: "unknown", folder: "" },
      { name: "gone", folder: gone },
    ]).toContainEqual(JSON.parse(child.stdout.toString()));
  });

  test.each([
    ["shop/", "shop", "a separator at the end"],
    ["shop//", "shop", "two separators at the end"],
    ["./shop/.", "shop", "dots for the same folder"],
    ["other/../shop", "shop", "dots for the parent"],
    ["shop/../../../../../../../../../..", "", "above the root"],
    ["shop//src", "shop", "a double separator"],
    ["shop/.hidden", "shop", "a hidden folder"],
  ])("at %s, normalized (%j; %s)", (start, name) => {
    using sandbox = new Sandbox();
    const project = findProject({ CLAUDE_PROJECT_DIR: `${sandbox.root}/${start}` }, undefined);
    expect(project).toEqual(
      name === "" ? { name: "root", folder: "/" } : { name, folder: sandbox.project },
    );
  });
});

test("a project is named after its folder", () => {
  expect(projectAt("/home/user/shop")).toEqual({ name: "shop", folder: "/home/user/shop" });
  expect(projectAt("/")).toEqual({ name: "root", folder: "/" });
  expect(projectAt("")).toEqual({ name: "unknown", folder: "" });
  expect(projectAt("C:\\work\\shop", true).name).toBe("shop");
  expect(projectAt("C:/work/shop", true).name).toBe("shop");
  expect(projectAt("C:\\", true).name).toBe("root");
  expect(projectAt("/a\\b").name).toBe("a\\b");
});

// On other systems a Windows path is relative, so the drive's folders are in the working folder.
describe.skipIf(process.platform === "win32")("on Windows", () => {
  test.each([
    ["C:\\work\\shop", "C:\\work\\shop\\src\\deep", "C:\\work\\shop", "shop", "upward"],
    ["C:\\work\\shop", "C:/work/shop/src", "C:\\work\\shop", "shop", "either separator"],
    ["C:\\work\\shop", "C:\\work\\shop\\", "C:\\work\\shop", "shop", "a separator at the end"],
    ["C:\\work\\shop", "C:\\work\\x\\..\\shop", "C:\\work\\shop", "shop", "dots for the parent"],
    ["C:\\", "C:\\work\\shop", "C:\\", "root", "a drive's own repository, from below"],
    ["C:\\", "C:\\", "C:\\", "root", "a drive's own repository"],
    ["D:\\other", "C:\\work\\shop", "C:\\work\\shop", "shop", "no repository on this drive"],
    [
      "\\\\server\\share\\shop",
      "\\\\server\\share\\shop\\src",
      "\\\\server\\share\\shop",
      "shop",
      "a share",
    ],
  ])("with a repository in %s, %s is in %s, called %s (%s)", (repository, start, folder, name) => {
    using sandbox = new Sandbox();
    git(`${sandbox.root}/${repository}`);
    process.chdir(sandbox.root);
    expect(findProject({}, start, "win32")).toEqual({ name, folder });
  });

  test.each(["work\\shop", "\\work", "/work", "C:shop", ""])("%j is not absolute", (start) => {
    using sandbox = new Sandbox();
    git(`${sandbox.root}/C:\\work`);
    process.chdir(sandbox.root);
    expect(findProject({ CLAUDE_PROJECT_DIR: start }, "C:\\work", "win32").folder).toBe("C:\\work");
  });
});

function git(folder: string): void {
  rmSync(`${folder}/.git`, { recursive: true, force: true });
  mkdirSync(`${folder}/.git`, { recursive: true });
}
