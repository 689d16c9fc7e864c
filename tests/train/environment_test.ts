import assert from "node:assert/strict";
import { currentEnvironment, gitRevision } from "../../train/environment.ts";

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
