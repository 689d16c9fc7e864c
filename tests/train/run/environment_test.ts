import assert from "node:assert/strict";
import { currentEnvironment, gitDirty, gitRevision } from "../../../train/run/environment.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";

async function inFolder(body: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function write(path: string, text: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, text);
}

Deno.test("gitRevision() reads a detached head", () =>
  inFolder((folder) => {
    write(`${folder}/.git/HEAD`, `${HASH}\n`);
    assert.equal(gitRevision(folder), HASH);
  }));

Deno.test("gitRevision() follows a branch, loose before packed", () =>
  inFolder((folder) => {
    write(`${folder}/.git/HEAD`, "ref: refs/heads/main\n");
    const other = HASH.replaceAll("0", "f");
    write(
      `${folder}/.git/packed-refs`,
      `# pack-refs with: peeled fully-peeled sorted\n${other} refs/heads/main-2\n${HASH} refs/heads/main\n`,
    );
    assert.equal(gitRevision(folder), HASH);
    write(`${folder}/.git/refs/heads/main`, `${other}\n`);
    assert.equal(gitRevision(folder), other);
  }));

Deno.test("gitRevision() follows a worktree to the common folder", () =>
  inFolder((folder) => {
    write(`${folder}/tree/.git`, `gitdir: ../repo/.git/worktrees/tree\n`);
    write(`${folder}/repo/.git/worktrees/tree/HEAD`, "ref: refs/heads/topic\n");
    write(`${folder}/repo/.git/worktrees/tree/commondir`, "../..\n");
    write(`${folder}/repo/.git/refs/heads/topic`, `${HASH}\n`);
    assert.equal(gitRevision(`${folder}/tree`), HASH);
  }));

Deno.test("gitRevision() is null without a checkout or before the first commit", () =>
  inFolder((folder) => {
    assert.equal(gitRevision(folder), null);
    write(`${folder}/.git/HEAD`, "ref: refs/heads/main\n");
    assert.equal(gitRevision(folder), null);
    write(`${folder}/.git/HEAD`, "nonsense");
    assert.equal(gitRevision(folder), null);
  }));

Deno.test("currentEnvironment() names versions and machine", () => {
  const environment = currentEnvironment();
  assert.equal(environment.deno, Deno.version.deno);
  assert.match(environment.project_version, /^\d+\.\d+\.\d+/);
  assert.ok(environment.cpus >= 1);
});

Deno.test("gitDirty() tells a clean checkout from a changed one, and is null without either", async () => {
  const folder = await Deno.makeTempDir();
  const git = async (...args: string[]): Promise<boolean> => {
    const identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
    try {
      const all = ["-C", folder, ...identity, ...args];
      return (await new Deno.Command("git", { args: all, stderr: "null", stdout: "null" }).output())
        .success;
    } catch {
      return false;
    }
  };
  try {
    // The folder may lie in no other checkout.
    assert.equal(gitDirty(folder), null);
    if (!await git("init")) return;
    write(`${folder}/a`, "1");
    // What a reader has saved there is no code.
    assert.equal(gitDirty(folder), false);
    await git("add", "a");
    await git("commit", "-m", "a");
    assert.equal(gitDirty(folder), false);
    write(`${folder}/a`, "2");
    assert.equal(gitDirty(folder), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("currentEnvironment() knows both of the checkout or neither", () => {
  const { git_revision, git_dirty } = currentEnvironment();
  if (git_revision === null) assert.equal(git_dirty, null);
});
