/** Runs that belong together, of one entity (a person or a team). */
export interface Project {
  readonly entity: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly runCount: number;
  /** When a run was last created, written to or ended. Milliseconds since the epoch. */
  readonly updatedAt: number;
}
