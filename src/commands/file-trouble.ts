const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory, name the file in it",
  ENOTDIR: "a part of the path is no directory",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
};

/** Why a file cannot be read or written, for people; the code itself where it is none of the usual ones. */
export function fileTrouble(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && WORDS[code]) || code || "it is not readable";
}

/** The same of a file that is to be made: what is missing then is its directory. */
export function newFileTrouble(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? "there is no such directory" : fileTrouble(error);
}
