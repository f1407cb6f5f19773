/**
 * The tables, as the steps that lead from an empty file to the present version: step i makes version i + 1. A step that
 * has been released is never changed; a new one is added.
 *
 * Rows of a run are kept twice in form, never in content: as they come, in `tail_row`, and once there are enough, in
 * `chunk` and `chunk_column`, where each key is one block of numbers (see chunks.ts). Readers see both.
 *
 * `change` numbers every writing transaction. A run remembers the last one for each kind of thing it has.
 */
export const schemaSteps: readonly string[] = [
  `
  CREATE TABLE change (number INTEGER NOT NULL) STRICT;
  INSERT INTO change VALUES (0);

  CREATE TABLE project (
    no INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL,
    runs_made INTEGER NOT NULL DEFAULT 0,
    UNIQUE (entity, name)
  ) STRICT;

  CREATE TABLE run (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_no INTEGER NOT NULL REFERENCES project (no),
    name TEXT NOT NULL,
    group_name TEXT,
    job_type TEXT,
    tags TEXT NOT NULL,
    notes TEXT NOT NULL,
    config TEXT NOT NULL,
    summary TEXT NOT NULL,
    metrics TEXT NOT NULL,
    dataset TEXT,
    state TEXT NOT NULL,
    error TEXT,
    created_at REAL NOT NULL,
    heartbeat_at REAL NOT NULL,
    finished_at REAL,
    next_row INTEGER NOT NULL DEFAULT 0,
    next_system_row INTEGER NOT NULL DEFAULT 0,
    next_console_line INTEGER NOT NULL DEFAULT 0,
    next_step REAL NOT NULL DEFAULT 0,
    change INTEGER NOT NULL,
    run_change INTEGER NOT NULL,
    history_change INTEGER NOT NULL DEFAULT 0,
    system_change INTEGER NOT NULL DEFAULT 0,
    console_change INTEGER NOT NULL DEFAULT 0,
    files_change INTEGER NOT NULL DEFAULT 0,
    evaluations_change INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX run_by_project ON run (project_no, created_at);
  CREATE INDEX run_by_change ON run (change);

  CREATE TABLE deleted_run (id TEXT NOT NULL, change INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE environment (
    run_no INTEGER PRIMARY KEY REFERENCES run (no) ON DELETE CASCADE,
    content TEXT NOT NULL
  ) STRICT;

  CREATE TABLE key (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE run_key (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    stream INTEGER NOT NULL,
    key_no INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    PRIMARY KEY (run_no, stream, key_no, kind)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tail_row (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    stream INTEGER NOT NULL,
    row INTEGER NOT NULL,
    step REAL NOT NULL,
    time REAL NOT NULL,
    change INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (run_no, stream, row)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chunk (
    no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    stream INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    change INTEGER NOT NULL,
    axes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX chunk_by_run ON chunk (run_no, stream, first_row);

  CREATE TABLE chunk_column (
    chunk_no INTEGER NOT NULL REFERENCES chunk (no) ON DELETE CASCADE,
    key_no INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    content BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX column_by_key ON chunk_column (chunk_no, key_no, kind);

  CREATE TABLE console_line (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    stream TEXT NOT NULL,
    time REAL NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (run_no, line)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE file (
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (run_no, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE artifact (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    project_no INTEGER NOT NULL REFERENCES project (no),
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    files TEXT NOT NULL,
    created_at REAL NOT NULL,
    produced_by TEXT NOT NULL,
    UNIQUE (project_no, name, version)
  ) STRICT;

  CREATE TABLE artifact_alias (
    project_no INTEGER NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    artifact_no INTEGER NOT NULL REFERENCES artifact (no) ON DELETE CASCADE,
    PRIMARY KEY (project_no, name, alias)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alias_by_artifact ON artifact_alias (artifact_no);

  CREATE TABLE artifact_use (
    artifact_no INTEGER NOT NULL REFERENCES artifact (no) ON DELETE CASCADE,
    run_id TEXT NOT NULL,
    PRIMARY KEY (artifact_no, run_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX use_by_run ON artifact_use (run_id);

  CREATE TABLE evaluation (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    run_no INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    data TEXT NOT NULL,
    part TEXT NOT NULL,
    predictions_sha256 TEXT NOT NULL,
    created_at REAL NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (run_no, data, part)
  ) STRICT;
  `,
  "ALTER TABLE run ADD COLUMN writer TEXT",
  "ALTER TABLE run ADD COLUMN started_at REAL NOT NULL DEFAULT 0; UPDATE run SET started_at = created_at;",
];
