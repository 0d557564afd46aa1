import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Group, GroupChange, GroupMember, StoredGroup } from "../alerts/group.ts";
import type { Silence } from "../alerts/silence.ts";
import type { Commit, Stored } from "./store.ts";

/** Silences and groups in the SQLite file. A group's alerts have a row each: in a storm only those that changed are written. */
export class QuietTables {
  readonly #db: DatabaseSync;
  readonly #putSilence: StatementSync;
  readonly #dropSilence: StatementSync;
  readonly #putGroup: StatementSync;
  readonly #dropGroup: StatementSync;
  readonly #putMember: StatementSync;
  readonly #dropMember: StatementSync;
  readonly #dropMembers: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#putSilence = db.prepare("INSERT OR REPLACE INTO silences VALUES (?, ?)");
    this.#dropSilence = db.prepare("DELETE FROM silences WHERE id = ?");
    this.#putGroup = db.prepare("INSERT OR REPLACE INTO alert_groups VALUES (?, ?, ?)");
    this.#dropGroup = db.prepare("DELETE FROM alert_groups WHERE destination = ? AND key = ?");
    this.#putMember = db.prepare("INSERT OR REPLACE INTO group_members VALUES (?, ?, ?, ?)");
    this.#dropMember = db.prepare(
      "DELETE FROM group_members WHERE destination = ? AND key = ? AND subject = ?",
    );
    this.#dropMembers = db.prepare("DELETE FROM group_members WHERE destination = ? AND key = ?");
  }

  read(): Pick<Stored, "silences" | "groups"> {
    const silences = this.#db.prepare("SELECT json FROM silences").all();
    return { silences: silences.map((row) => fromJson<Silence>(row["json"])), groups: this.#readGroups() };
  }

  write({ silences = [], groups = [], forgotten }: Commit): void {
    for (const id of forgotten?.silences ?? []) this.#dropSilence.run(id);
    for (const { destination, key } of forgotten?.groups ?? []) {
      this.#dropGroup.run(destination, key);
      this.#dropMembers.run(destination, key);
    }
    for (const silence of silences) this.#putSilence.run(silence.id, JSON.stringify(silence));
    for (const group of groups) this.#writeGroup(group);
  }

  #writeGroup({ group, members }: GroupChange): void {
    const { destination, key } = group;
    this.#putGroup.run(destination, key, JSON.stringify(group));
    for (const [subject, member] of members) {
      if (member) this.#putMember.run(destination, key, subject, JSON.stringify(member));
      else this.#dropMember.run(destination, key, subject);
    }
  }

  #readGroups(): StoredGroup[] {
    const members = new Map<string, Map<string, GroupMember>>();
    for (const row of this.#db.prepare("SELECT * FROM group_members").all()) {
      const id = JSON.stringify([row["destination"], row["key"]]);
      const known = members.get(id) ?? new Map<string, GroupMember>();
      members.set(id, known.set(row["subject"] as string, fromJson<GroupMember>(row["json"])));
    }
    return this.#db
      .prepare("SELECT json FROM alert_groups")
      .all()
      .map((row) => {
        const group = fromJson<Group>(row["json"]);
        return { group, members: members.get(JSON.stringify([group.destination, group.key])) ?? new Map() };
      });
  }
}

function fromJson<Value>(json: unknown): Value {
  return JSON.parse(json as string) as Value;
}
