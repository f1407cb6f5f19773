/** Artifacts: versions, aliases and who made and used them. */
import { createHash } from "node:crypto";
import { type Artifact, manifestText, type NewArtifact, type StoredFile } from "../../model/artifact.ts";
import { fromJsonText, type JsonObject, toJsonText } from "../../model/json.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import type { ProjectScope } from "../store.ts";
import type { Database } from "./database.ts";

const selectArtifact =
  "SELECT artifact.*, project.entity AS entity, project.name AS project FROM artifact JOIN project ON project.no = artifact.project_no";

/** Makes a version, or names the newest one that is the same, and moves the aliases. Inside a transaction. */
export function insertArtifact(database: Database, runId: string, artifact: NewArtifact): Artifact {
  const { type, name, aliases = [], description = "", metadata = {}, createdAt } = artifact;
  const files = artifact.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const digest = createHash("sha256").update(manifestText(type, files)).digest("hex");
  const { project_no: projectNo } = database.statement("SELECT project_no FROM run WHERE id = ?").get(runId)!;
  const newest = database
    .statement(
      "SELECT no, type, version, digest FROM artifact WHERE project_no = ? AND name = ? ORDER BY version DESC",
    )
    .get(projectNo!, name);
  if (newest !== undefined && newest.type !== type) {
    throw new TrackerError(
      "conflict",
      `artifact ${name}: is of type ${newest.type} in this project, got ${type}; choose another name.`,
    );
  }
  let artifactNo = newest?.no;
  if (newest?.digest !== digest) {
    const version = newest === undefined ? 0 : Number(newest.version) + 1;
    artifactNo = database
      .statement(
        `INSERT INTO artifact (project_no, type, name, version, digest, description, metadata, files, created_at,
         produced_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        projectNo!,
        type,
        name,
        version,
        digest,
        description,
        toJsonText(metadata),
        JSON.stringify(files),
        createdAt,
        runId,
      ).lastInsertRowid;
  }
  for (const alias of new Set(["latest", ...aliases])) {
    if (/^v\d+$/.test(alias)) {
      throw new TrackerError(
        "bad-argument",
        `artifact ${name}: "${alias}" is the name of a version, not an alias.`,
      );
    }
    database
      .statement("INSERT OR REPLACE INTO artifact_alias VALUES (?, ?, ?, ?)")
      .run(projectNo!, name, alias, artifactNo!);
  }
  return artifactOf(
    database,
    database.statement(`${selectArtifact} WHERE artifact.no = ?`).get(artifactNo!)!,
  );
}

/** Throws not-found. */
export function readArtifact(
  database: Database,
  { entity, project, name, alias }: ProjectScope & { readonly name: string; readonly alias: string },
): Artifact {
  const version = /^v(\d+)$/.exec(alias)?.[1];
  const which =
    version === undefined
      ? "artifact.no = (SELECT artifact_no FROM artifact_alias WHERE project_no = project.no AND name = artifact.name AND alias = ?)"
      : "artifact.version = ?";
  const row = database
    .statement(`${selectArtifact} WHERE entity = ? AND project.name = ? AND artifact.name = ? AND ${which}`)
    .get(entity, project, name, version === undefined ? alias : Number(version));
  if (row !== undefined) return artifactOf(database, row);
  throw new TrackerError("not-found", `there is no artifact ${name}:${alias} in project ${project}.`);
}

/** Inside a transaction. Throws not-found. */
export function noteUse(
  database: Database,
  runId: string,
  { entity, project, name, version }: Pick<Artifact, "entity" | "project" | "name" | "version">,
): void {
  const { changes } = database
    .statement(
      `INSERT OR REPLACE INTO artifact_use SELECT artifact.no, ? FROM artifact JOIN project ON project.no = project_no
       WHERE entity = ? AND project.name = ? AND artifact.name = ? AND version = ?`,
    )
    .run(runId, entity, project, name, version);
  if (changes === 0) {
    throw new TrackerError("not-found", `there is no artifact ${name}:v${version} in project ${project}.`);
  }
}

export function listArtifacts(
  database: Database,
  scope: ProjectScope | { readonly runId: string },
): readonly Artifact[] {
  const rows =
    "runId" in scope
      ? database
          .statement(
            `${selectArtifact} WHERE produced_by = :runId
             OR artifact.no IN (SELECT artifact_no FROM artifact_use WHERE run_id = :runId) ORDER BY artifact.no DESC`,
          )
          .all({ runId: scope.runId })
      : database
          .statement(`${selectArtifact} WHERE entity = ? AND project.name = ? ORDER BY artifact.no DESC`)
          .all(scope.entity, scope.project);
  return rows.map((row) => artifactOf(database, row));
}

function artifactOf(database: Database, row: Readonly<Record<string, unknown>>): Artifact {
  const texts = (sql: string) =>
    database
      .statement(sql)
      .all(row.no as number)
      .map((found) => String(Object.values(found)[0]));
  return {
    entity: String(row.entity),
    project: String(row.project),
    type: String(row.type),
    name: String(row.name),
    version: Number(row.version),
    aliases: texts("SELECT alias FROM artifact_alias WHERE artifact_no = ? ORDER BY alias"),
    digest: String(row.digest),
    description: String(row.description),
    metadata: fromJsonText(String(row.metadata)) as JsonObject,
    files: JSON.parse(String(row.files)) as readonly StoredFile[],
    createdAt: Number(row.created_at),
    producedBy: String(row.produced_by),
    usedBy: texts("SELECT run_id FROM artifact_use WHERE artifact_no = ? ORDER BY run_id"),
  };
}
