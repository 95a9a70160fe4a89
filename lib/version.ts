// The version of this program.

declare const BUILD_VERSION: string | undefined;

/** The version that the build defined; `unbuilt` when the source runs without a build. */
export const version = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "unbuilt";
