// The version of this program.

declare const BUILD_VERSION: string | undefined;

/** The version that the build gave the program; `unbuilt` for source that runs without a build. */
export const version = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "unbuilt";
